// Root's password, password hashing, SELinux, firewall and services of a kickstart.

import type { Install } from '../../server/domain.ts';
import type { Dialect } from '../dialect.ts';
import { kickstartValue } from '../quote.ts';

/** The lines for `rootHash`, a crypt hash (or its placeholder) that was checked against the dialect. */
export function securityLines(install: Install, dialect: Dialect, rootHash: string): readonly string[] {
  // Weaker than the distribution's own default, on purpose: root is the only account made, and a host has no other way in.
  const allowSsh = dialect.rootpwAllowSsh ? ' --allow-ssh' : '';
  return [
    `rootpw${allowSsh} --iscrypted ${kickstartValue(rootHash)}`,
    dialect.auth,
    // CloudStack's set-up refuses to run while SELinux enforces.
    install.role === 'cloudstack-management' ? 'selinux --permissive' : 'selinux --enforcing',
    // A role's own rules come with its configuration files.
    'firewall --enabled --service=ssh',
    `services --enabled=${enabledServices(install, dialect).join(',')}`,
  ];
}

/** The services that run from the first boot on, in the order they start. */
export function enabledServices(install: Install, dialect: Dialect): readonly string[] {
  const { service } = dialect.timeClient;
  const base = install.site.ntp.length === 0 ? ['sshd'] : ['sshd', service];
  switch (install.role) {
    case 'minimal':
    case 'kvm-agent':
    case 'xenserver':
      return base;
    case 'nfs-storage':
      return [...base, 'rpcbind', dialect.nfsService];
    case 'cloudstack-management':
      return ['sshd', service, 'mysqld', 'rpcbind', dialect.nfsService];
  }
}
