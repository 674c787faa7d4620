// The packages a kickstart installs: the smallest selection, what the role needs, what the profile adds.

import type { Install } from '../../server/domain.ts';
import { Malformed } from '../../server/malformed.ts';
import { cloudstackNames } from '../cloudstack.ts';
import type { Dialect } from '../dialect.ts';
import { section } from './section.ts';

/** A package, `@group`, `@Group in Words`, `@^environment`, `-excluded`, with `*` as the installer expands it. */
const PACKAGE = /^-?(?:@\^?[A-Za-z0-9](?:[A-Za-z0-9 ._+-]*[A-Za-z0-9+])?|[A-Za-z0-9][A-Za-z0-9._+*:-]*)$/;

/** The `%packages` section. Throws `Malformed` for a name that is none. */
export function packagesSection(install: Install, dialect: Dialect): string {
  return section('%packages', dialect.packages.options, `${selectedPackages(install, dialect).join('\n')}\n`);
}

/** The lines of the section, each once. */
function selectedPackages(install: Install, dialect: Dialect): readonly string[] {
  const odd = install.packages.find((name) => !PACKAGE.test(name));
  if (odd !== undefined) throw new Malformed('not a package', JSON.stringify(odd.slice(0, 60)));
  return [...new Set([...dialect.packages.groups, ...rolePackages(install, dialect), ...install.packages])];
}

function rolePackages(install: Install, dialect: Dialect): readonly string[] {
  const { packageName } = dialect.timeClient;
  const time = install.site.ntp.length === 0 ? [] : [packageName];
  switch (install.role) {
    case 'minimal':
    case 'kvm-agent':
    case 'xenserver':
      return time;
    case 'nfs-storage':
      return [...time, 'nfs-utils', 'rpcbind'];
    case 'cloudstack-management': {
      const cloudstack = install.cloudstack && cloudstackNames(install.cloudstack.version)?.packageName;
      return [packageName, 'nfs-utils', 'rpcbind', 'mysql-server', ...(cloudstack === undefined ? [] : [cloudstack])];
    }
  }
}
