// How many files the user `cloud`, as whom the management server runs, may have open.

import type { ConfigFile } from '../../../server/domain.ts';

/**
 * The value that CloudStack's packages write, up to 4.11 into limits.conf and later into limits.d/cloud, a name that
 * pam_limits does not read (limits.d(5): *.conf). For services of systemd they bring a setting of their own.
 */
export function limitsFile(): ConfigFile {
  const text = 'cloud soft nofile 4096\ncloud hard nofile 4096\n';
  return { path: '/etc/security/limits.d/60-cloudstack.conf', mode: 0o644, text };
}
