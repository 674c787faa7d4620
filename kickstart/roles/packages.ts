// The packages that each role needs, on each release.

import type { Install } from '../../server/domain.ts';
import { cloudstackNames } from '../cloudstack.ts';
import type { Dialect } from '../dialect.ts';
import { keepsMirror } from '../mirror-on-host.ts';

/** In the order they are named to the installer. What the packages themselves require is not repeated here. */
export function rolePackages(install: Install, dialect: Dialect): readonly string[] {
  const { packageName } = dialect.timeClient;
  const time = install.site.ntp.length === 0 ? [] : [packageName];
  switch (install.role) {
    case 'minimal':
    case 'xenserver':
      return time;
    case 'nfs-storage':
      return [...time, 'nfs-utils', 'rpcbind'];
    case 'kvm-agent':
      return [packageName, ...AGENT, ...java(dialect), ...iptables(dialect), ...named(install, 'agent')];
    case 'cloudstack-management':
      return [
        packageName,
        'nfs-utils',
        'rpcbind',
        'mysql-server',
        ...java(dialect),
        ...named(install, 'packageName'),
        ...(keepsMirror(install) ? ['httpd'] : []),
      ];
  }
}

const AGENT = ['libvirt', 'qemu-kvm', 'nfs-utils'];

function named({ cloudstack }: Install, key: 'packageName' | 'agent'): readonly string[] {
  const names = cloudstack && cloudstackNames(cloudstack.version);
  return names === undefined ? [] : [names[key]];
}

// Current packages take Java 17 or 21: the one that CloudStack was tested with is named, so that it is not left to a
// dependency solver's taste. EL6's know only `java >= 1.6.0`.
function java({ major }: Dialect): readonly string[] {
  return major >= 8 ? ['java-17-openjdk'] : [];
}

// EL6 has its service in iptables itself; EL9 split it out of a package of another name.
function iptables({ major }: Dialect): readonly string[] {
  if (major < 8) return [];
  return major === 8 ? ['iptables-services'] : ['iptables-nft-services'];
}
