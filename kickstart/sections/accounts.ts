// Who can log in to an installed host: root, further accounts, and the keys of ssh.

import type { Install } from '../../server/domain.ts';
import type { Dialect } from '../dialect.ts';
import { heredoc, kickstartValue } from '../quote.ts';
import type { PostStep } from './steps.ts';

/** Answers the crypt hash (or its placeholder) of a secret; each was checked against the dialect. */
export type HashLookup = (secret: string) => string;

/** The `rootpw` and `user` lines. An account without a password is locked: its keys open it. */
export function accountLines(install: Install, dialect: Dialect, hashOf: HashLookup): readonly string[] {
  // Weaker than the distribution's own default, on purpose: where no account is named, a host has no other way in.
  const allowSsh = dialect.rootpwAllowSsh ? ' --allow-ssh' : '';
  return [
    `rootpw${allowSsh} --iscrypted ${kickstartValue(hashOf(install.rootPassword.secret))}`,
    ...install.custom.users.map(({ name, password, groups }) => {
      const options = [
        `--name=${kickstartValue(name)}`,
        ...(groups.length === 0 ? [] : [`--groups=${groups.map(kickstartValue).join(',')}`]),
        ...(password === undefined
          ? ['--lock']
          : [`--password=${kickstartValue(hashOf(password.secret))} --iscrypted`]),
      ];
      return `user ${options.join(' ')}`;
    }),
  ];
}

/**
 * The step that places the keys of root and of every account that has some. `sshkey` lines would say it from 8 on; this says it on
 * every release. It needs `restorecon` where SELinux is, and nothing of `place`: the files are the accounts' own.
 */
export function sshKeysSteps({ custom }: Install): readonly PostStep[] {
  const holders = [{ name: 'root', sshKeys: custom.sshKeys }, ...custom.users].filter(
    ({ sshKeys }) => sshKeys.length > 0,
  );
  if (holders.length === 0) return [];
  const commands = holders
    .map(({ name, sshKeys }) => heredoc(`${sshKeys.join('\n')}\n`, `| authorize ${name}`))
    .join('');
  return [{ name: 'ssh-keys', why: 'Who may log in by key.', commands: `${AUTHORIZE}${commands}` }];
}

// sshd(8): with StrictModes neither the directory nor the file may be writable by others.
const AUTHORIZE = `# authorize USER: the keys in its input open that account.
authorize() {
  home=$(getent passwd "$1" | cut -d: -f6)
  [ -n "$home" ] || { echo "there is no account $1"; return 1; }
  (
    umask 077
    mkdir -p "$home/.ssh"
    cat > "$home/.ssh/authorized_keys"
  )
  chown -R "$1": "$home/.ssh"
  if command -v restorecon >/dev/null 2>&1; then restorecon -R "$home/.ssh" || :; fi
}
`;
