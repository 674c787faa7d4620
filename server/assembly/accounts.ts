// Accounts over the data directory: the store and its desk, who sends a request, and the log of what was changed.

import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import type { AccountDesk } from '../accounts/desk.ts';
import { openDesk } from '../accounts/desk.ts';
import { identify } from '../accounts/identify.ts';
import type { Principal } from '../accounts/rights.ts';
import type { AccountStore } from '../accounts/store.ts';
import { openAccounts } from '../accounts/store.ts';
import { commandUserOf } from '../accounts/command-user.ts';
import type { AuditStore } from '../audit/store.ts';
import { openAudit } from '../audit/store.ts';
import { isLocal } from '../encrypted.ts';
import type { No } from '../malformed.ts';
import { OPERATOR_SECRET, sameSecret } from '../secret.ts';
import type { House } from './house.ts';
import { dataPaths } from './house.ts';

/** Who may do what here, and what they did. */
export type Accounts = {
  readonly store: AccountStore;
  readonly desk: AccountDesk;
  readonly audit: AuditStore;
  /** Who sent the request; `No` where another site's page did. */
  readonly identify: (request: IncomingMessage) => Principal | undefined | No;
};

/** What accounts take of the house. */
export type AccountHouse = Pick<House, 'settings' | 'secrets' | 'now' | 'random'>;

/** Opens them; commands do too, beside a running appliance. */
export function openAccountsOf({
  settings,
  secrets,
  now,
  random,
}: AccountHouse): Accounts & { readonly close: () => void } {
  const store = openAccounts(join(settings.dataDirectory, 'accounts.db'));
  const audit = openAudit(dataPaths(settings.dataDirectory).audit);
  const desk = openDesk({ accounts: store, now, random });
  /** Whoever can read DATA/secrets is the administrator of this machine: commands show it, and say over the socket whose they are. */
  const ownToken = (secret: string, request: IncomingMessage): Principal | undefined => {
    const own = secrets.read(OPERATOR_SECRET);
    if (own === undefined || !sameSecret(secret, own)) return undefined;
    const sender = isLocal(request)
      ? ({ name: commandUserOf(request.headers) ?? 'local', via: 'command' } as const)
      : ({ name: 'local', via: 'token' } as const);
    return { ...sender, role: 'admin', id: OPERATOR_SECRET };
  };
  return {
    store,
    desk,
    audit,
    identify: (request) =>
      identify(credentialsOf(request), {
        tokenOf: (secret) => ownToken(secret, request) ?? store.tokenOf(secret, now()),
        sessionOf: (secret) => store.sessionOf(secret, now()),
      }),
    close: store.close,
  };
}

function credentialsOf({ method = 'GET', headers }: IncomingMessage) {
  const site = headers['sec-fetch-site'];
  return {
    method,
    authorization: headers.authorization,
    cookie: headers.cookie,
    host: headers.host,
    origin: headers.origin,
    fetchSite: Array.isArray(site) ? site[0] : site,
  };
}
