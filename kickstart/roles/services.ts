// Which services each role has running from the first boot on.

import type { Install } from '../../server/domain.ts';
import type { Dialect } from '../dialect.ts';
import { keepsMirror } from '../mirror-on-host.ts';

/** The role's services and those every host has, in the order they start. */
export function roleServices(install: Install, dialect: Dialect): readonly string[] {
  const { service } = dialect.timeClient;
  const base = install.site.ntp.length === 0 ? ['sshd'] : ['sshd', service];
  switch (install.role) {
    case 'minimal':
    case 'xenserver':
      return base;
    case 'nfs-storage':
      return [...base, 'rpcbind', dialect.nfsService];
    case 'kvm-agent':
      // The agent itself is set up and started by the management server, when it adds the host.
      return ['sshd', service, 'iptables', 'libvirtd'];
    case 'cloudstack-management':
      return [
        ...['sshd', service, 'mysqld', 'rpcbind', dialect.nfsService],
        ...(keepsMirror(install) ? ['httpd'] : []),
      ];
  }
}
