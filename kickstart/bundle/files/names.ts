// Names of machines and domains as words: safe in every configuration file here, be it read line by line or by a shell.

import { Malformed } from '../../../server/malformed.ts';

// RFC 1123 §2.1 host names, domains and addresses: nothing in them means anything to a shell, an INI file or hosts(5).
const NAME = /^[A-Za-z0-9_][A-Za-z0-9_.:-]{0,252}$/;

/** `name` as it is. Throws `Malformed` for anything that is not one plain word of a host name, a domain or an address. */
export function networkName(name: string): string {
  if (!NAME.test(name)) throw new Malformed(`not a network name: ${JSON.stringify(name.slice(0, 60))}`, 'name');
  return name;
}
