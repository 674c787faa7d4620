// The script that finishes a CloudStack management server at its first boot, once, and reports how that went.

import { cloudstackFault, cloudstackOsFault } from '../server/cloudstack.ts';
import type { ConfigFile, Install, SecretLookup } from '../server/domain.ts';
import { isNo } from '../server/malformed.ts';
import { cloudstackNames } from './cloudstack.ts';
import { dialectOf } from './dialect.ts';
import { firstBootSteps } from './first-boot-steps.ts';
import { firstBootHeader, firstBootUnit, scriptPath, unregister } from './first-boot-service.ts';
import { initOf } from './init.ts';
import { ALONE, FIRST_BOOT_LOG, FIRST_BOOT_NAME, onceText } from './once.ts';
import { shellWord } from './quote.ts';
import { isPlaceholder, redactedSecrets, secretsOf } from './secrets.ts';
import { stepFunctions } from './sections/steps.ts';

/**
 * The script and, for systemd, its unit; none for a role that needs none and for an install that lacks a secret or an OS and
 * version it is known for (renderKickstart says why).
 */
export function firstBootFiles(install: Install, secrets: SecretLookup): readonly ConfigFile[] {
  const script = firstBootScript(install, secrets);
  if (script === undefined) return [];
  return initOf(install.os).kind === 'systemd' ? [script, firstBootUnit()] : [script];
}

/** The script alone. Readable by root alone: it holds passwords, and removes itself when it is done. */
export function firstBootScript(install: Install, secrets: SecretLookup): ConfigFile | undefined {
  if (!hasFirstBoot(install)) return undefined;
  const names = cloudstackNames(install.cloudstack?.version ?? '');
  const dialect = dialectOf(install.os);
  const values = secretsOf(install, secrets);
  if (names === undefined || dialect === undefined || isNo(values)) return undefined;
  const steps = firstBootSteps(install, { dialect, cloudstack: names }, (name) => values.get(name) ?? '');
  const redacted = [...values].filter(([, value]) => isPlaceholder(value)).map(([name]) => name);
  const header = firstBootHeader(initOf(install.os));
  return {
    path: scriptPath(initOf(install.os)),
    mode: 0o700,
    text: [header, refuseRedacted(redacted), functions(install), ...steps.map(onceText), ending(install)].join('\n'),
  };
}

/** Is there a script for its role, its CloudStack and its OS? (Whether one can be rendered depends on the secrets as well.) */
export function hasFirstBoot({ role, os, cloudstack }: Install): boolean {
  if (role !== 'cloudstack-management' || cloudstack === undefined) return false;
  return (
    cloudstackFault(role, cloudstack) === undefined && cloudstackOsFault(role, cloudstack.version, os) === undefined
  );
}

/** A preview that became a template has them again: what stands there when the script runs decides. */
function refuseRedacted(names: readonly string[]): string {
  const [first] = names;
  if (first === undefined) return '';
  const text = `this copy was made without the secrets ${names.join(', ')}`;
  return `case ${shellWord(redactedSecrets(first) ?? '')} in
  @SECRET*) echo ${shellWord(text)} >&2; exit 1 ;;
esac
`;
}

function functions(install: Install): string {
  const onFailure = initOf(install.os).disable(FIRST_BOOT_NAME);
  return `${ALONE}exec >>${FIRST_BOOT_LOG} 2>&1
chmod 0600 ${FIRST_BOOT_LOG}

${stepFunctions(install, { stage: 'first-boot', log: FIRST_BOOT_LOG, onFailure })}
report first-boot
`;
}

function ending(install: Install): string {
  const { remove, files } = unregister(initOf(install.os));
  return `# What nobody can do for the operator from here.
${remaining(install)}
echo "== $(date) done; remaining: $remaining"
${remove}
report configured "remaining:+$remaining"
# The whole kickstart with every secret, which newer installers keep.
rm -f /root/original-ks.cfg
${files.map((file) => `rm -f ${file}\n`).join('')}exit 0
`;
}

function remaining({ cloudstack }: Install): string {
  const names = cloudstackNames(cloudstack?.version ?? '');
  const last = names?.ownTemplates === true ? 'add+the+zone' : 'seed+the+system+VM+template';
  return `remaining='${last}'
${cloudstack?.hypervisor === 'xenserver' ? vhdUtilNote(names?.vhdUtil ?? '') : ''}`;
}

function vhdUtilNote(path: string): string {
  return `[ -x ${path} ] || remaining="put+vhd-util+at+${path},+mode+755;+$remaining"`;
}
