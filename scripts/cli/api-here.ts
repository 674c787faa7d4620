// The API's operations done in this process, over the house that is open: as the appliance would do them, and traced as well.

import type { Caller, Operation, Outcome } from '../../server/api/operation.ts';
import { openAccountsOf } from '../../server/assembly/accounts.ts';
import { apiOperations } from '../../server/assembly/api.ts';
import type { House } from '../../server/assembly/house.ts';
import { openJobs } from '../../server/assembly/jobs.ts';
import { openSyncStarter } from '../../server/assembly/sync-start.ts';
import { OPERATOR_SECRET } from '../../server/secret.ts';
import type { Ask, Asked } from './api-client.ts';
import { commandUser } from './noted.ts';

/** Runs `work` with the operations of `house`, in the right of who may read its data directory: the administrator's. */
export async function askHere<T>(house: House, work: (ask: Ask) => Promise<T>): Promise<T> {
  const accounts = openAccountsOf(house);
  const starter = openSyncStarter(house);
  const jobs = openJobs(house);
  const operations = apiOperations(house, accounts, { starter, jobs });
  const { by: name, via } = commandUser();
  const principal = { name, via, role: 'admin', id: OPERATOR_SECRET } as const;
  const caller: Caller = { principal, address: '', isSecure: true, ifMatch: undefined };
  const ask = async (asked: Asked): Promise<unknown> => {
    const { operation, input } = operationFor(operations, asked);
    const outcome = await operation.run(input, caller);
    if (operation.traced === 'yes') {
      const change = outcome.kind === 'reply' ? outcome.change : undefined;
      const target = `/api/v1${asked.path}`;
      const status = outcome.kind === 'reply' ? 0 : outcome.status;
      accounts.audit.note({
        at: house.now(),
        who: name,
        via,
        address: '',
        operation: operation.id,
        target,
        status,
        ...change,
      });
    }
    return valueOf(outcome);
  };
  try {
    // The caller knows what the operation answers, as it does of one asked over HTTP.
    return await work(ask as Ask);
  } finally {
    await Promise.all([starter.close(), jobs.close()]);
    accounts.close();
  }
}

/** What comes over HTTP is text: what is done here is told in no other form. */
function valueOf(outcome: Outcome): unknown {
  if (outcome.kind === 'rejection') return outcome.refusal;
  return outcome.value === undefined ? undefined : (JSON.parse(JSON.stringify(outcome.value)) as unknown);
}

function operationFor(operations: readonly Operation[], { method, path, body }: Asked) {
  const { pathname, searchParams } = new URL(path, 'http://localhost');
  for (const operation of operations) {
    const params = operation.method.toUpperCase() === method ? paramsIn(operation.path, pathname) : undefined;
    if (params !== undefined) return { operation, input: { params, query: Object.fromEntries(searchParams), body } };
  }
  throw new Error(`the API has no ${method} ${pathname}`);
}

/** The parameters of `pathname` where it is one of `template`; undefined where it is not. */
function paramsIn(template: string, pathname: string): Readonly<Record<string, string>> | undefined {
  const [wanted, given] = [template.split('/'), pathname.split('/')];
  if (wanted.length !== given.length) return undefined;
  const params: Record<string, string> = {};
  for (const [index, part] of wanted.entries()) {
    const text = given[index] ?? '';
    const name = /^\{(\w+)\}$/.exec(part)?.[1];
    if (name !== undefined) params[name] = decodeURIComponent(text);
    else if (part !== text) return undefined;
  }
  return params;
}
