// /etc/selinux/config of a CloudStack host: permissive, unless its profile says otherwise.

import type { ConfigFile, Install } from '../../../server/domain.ts';

/**
 * The set-up of the management server's databases refuses to run while SELinux enforces, and a KVM host's agent was never
 * written for it (installation manual, KVM chapter, security policies).
 */
export function selinuxFile({ custom }: Install): ConfigFile {
  const text = `SELINUX=${custom.selinux ?? 'permissive'}\nSELINUXTYPE=targeted\n`;
  return { path: '/etc/selinux/config', mode: 0o644, text };
}
