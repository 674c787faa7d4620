// Joining a pool: who joins whom, and whether the password that is to open the master can be root's there.

import type { Ipv4 } from '../../server/address.ts';
import type { Install } from '../../server/domain.ts';
import type { No } from '../../server/malformed.ts';
import { no } from '../../server/malformed.ts';
import { sha512Crypt } from '../crypt.ts';
import { isPlaceholder } from '../secrets.ts';

/** The pool that a host joins: the master's address, and the secret with root's password there. */
export type Joining = { readonly master: string; readonly address: Ipv4; readonly secret: string };

/** The pool that `install`'s host joins; undefined for the master itself, and where there is no pool. */
export function joiningOf({
  host,
  site,
  xenserver,
}: Pick<Install, 'host' | 'site' | 'xenserver'>): Joining | undefined {
  const pool = xenserver?.pool;
  if (pool === undefined || pool.master === host.name) return undefined;
  const master = site.hosts.find(({ name }) => name === pool.master);
  return master === undefined
    ? undefined
    : { master: master.name, address: master.address, secret: pool.password.secret };
}

/** Like every host of the site, the master has the site's root password: what is no preimage of its hash would be refused there. */
export function poolPasswordRefusal(install: Install, values: ReadonlyMap<string, string>): No | undefined {
  const { xenserver, host, site } = install;
  const master = xenserver?.pool?.master;
  if (master === undefined || master === host.name) return undefined;
  if (!site.hosts.some(({ name }) => name === master)) {
    return no(`the site has no host ${master}, whose pool ${host.name} is to join`, 'correct pool: in its profile');
  }
  const secret = xenserver?.pool?.password.secret ?? '';
  const password = values.get(secret) ?? '';
  const hash = values.get(install.rootPassword.secret) ?? '';
  if (isPlaceholder(password) || isPlaceholder(hash) || isHashOf(hash, password) !== false) return undefined;
  return no(
    `the secret ${secret} is not the password whose hash ${install.rootPassword.secret} is: ${master} would refuse it`,
    `kickstand secret set ${secret}`,
  );
}

/** undefined: another scheme than SHA-512, or more rounds than one waits for. */
function isHashOf(hash: string, password: string): boolean | undefined {
  const parts = /^\$6\$(?:rounds=(?<rounds>\d+)\$)?(?<salt>[^$]*)\$/.exec(hash)?.groups;
  const rounds = Number(parts?.['rounds'] ?? 5000);
  if (parts === undefined || rounds < 1000 || rounds > 10_000) return undefined;
  // The digests alone: the usual number of rounds may be written out, or not.
  return digestOf(sha512Crypt(password, parts['salt'] ?? '', rounds)) === digestOf(hash);
}

function digestOf(hash: string): string {
  return hash.slice(hash.lastIndexOf('$'));
}
