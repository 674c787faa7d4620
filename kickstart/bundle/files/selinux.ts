// /etc/selinux/config of a CloudStack management host: permissive, because its database set-up refuses to run enforced.

import type { ConfigFile } from '../../../server/domain.ts';

export function selinuxFile(): ConfigFile {
  return { path: '/etc/selinux/config', mode: 0o644, text: 'SELINUX=permissive\nSELINUXTYPE=targeted\n' };
}
