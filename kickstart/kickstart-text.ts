// The built-in kickstart: its sections, one text each, and their order.

import type { Install, SecretLookup } from '../server/domain.ts';
import { hasChosen } from './chosen-disks.ts';
import type { Dialect } from './dialect.ts';
import { comment } from './quote.ts';
import type { HashLookup } from './sections/accounts.ts';
import { localeLines } from './sections/locale.ts';
import { networkLines } from './sections/network.ts';
import { packagesSection } from './sections/packages.ts';
import { postSection } from './sections/post.ts';
import { INCLUDE_CHECKED, preSection } from './sections/pre.ts';
import { securityLines } from './sections/security.ts';
import { sourceLines } from './sections/source.ts';
import { storageLines } from './sections/storage.ts';
import type { Sections } from './template/context.ts';

/** What the sections need of the secrets: hashes were checked, the rest is placed by %post. */
export type SectionSecrets = { readonly secrets: SecretLookup; readonly hashOf: HashLookup };

/** The sections of `install`, each whole lines. Throws `Malformed` for values that no kickstart could hold. */
export function kickstartSections(install: Install, dialect: Dialect, { secrets, hashOf }: SectionSecrets): Sections {
  const lines = (text: readonly string[]): string => text.map((line) => `${line}\n`).join('');
  return {
    source: lines(sourceLines(install, dialect)),
    locale: lines(localeLines(install, dialect)),
    network: lines(networkLines(install, dialect)),
    security: lines([...securityLines(install, dialect, hashOf), ...(dialect.eula ? ['eula --agreed'] : [])]),
    // What %pre has to choose, it writes down with all that depends on it.
    storage: lines(hasChosen(install.storage) ? [] : storageLines(install, dialect)),
    packages: packagesSection(install, dialect),
    pre: preSection(install, dialect),
    post: postSection(install, secrets, dialect),
  };
}

/** The built-in kickstart of those sections. */
export function kickstartText({ host, os, profile, role }: Install, sections: Sections): string {
  const { source, locale, network, security, storage, packages, pre, post } = sections;
  const head = comment(`Kickstand: ${host.fqdn}, profile ${profile} (${role}), ${os.family} ${os.version} ${os.arch}`);
  // Without reboot it would wait for a key at its end.
  const commands = `${head}\ntext\n${source}${locale}${network}${security}firstboot --disabled\nskipx\n${storage}reboot\n${INCLUDE_CHECKED}\n`;
  return [commands, packages, pre, post].join('\n');
}
