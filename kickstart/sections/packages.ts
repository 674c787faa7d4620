// The packages a kickstart installs: the smallest selection, what the role needs, what the profile adds.

import type { Install } from '../../server/domain.ts';
import { Malformed } from '../../server/malformed.ts';
import type { Dialect } from '../dialect.ts';
import { rolePackages } from '../roles/packages.ts';
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
  return [
    ...new Set([
      ...dialect.packages.groups,
      ...rolePackages(install, dialect),
      ...linkPackages(install, dialect),
      ...install.packages,
    ]),
  ];
}

/** What the initscripts of 6 and 7 call for bridges and VLANs; NetworkManager needs neither. */
function linkPackages({ custom: { link } }: Install, { major }: Dialect): readonly string[] {
  return [
    ...(link.bridge !== undefined && major <= 7 ? ['bridge-utils'] : []),
    ...(link.vlan !== undefined && major === 6 ? ['vconfig'] : []),
  ];
}
