// The host's own name: /etc/sysconfig/network up to EL6, /etc/hostname from EL7.

import type { ConfigFile, Install } from '../../../server/domain.ts';
import { networkName } from './names.ts';

/** The fully qualified name: CloudStack's set-up asks `hostname --fqdn` and refuses an answer without a dot. */
export function hostnameFile(install: Install): ConfigFile {
  const fqdn = networkName(install.host.fqdn);
  return install.os.major >= 7
    ? { path: '/etc/hostname', mode: 0o644, text: `${fqdn}\n` }
    : { path: '/etc/sysconfig/network', mode: 0o644, text: `NETWORKING=yes\nHOSTNAME=${fqdn}\n` };
}
