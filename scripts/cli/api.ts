// Which appliance a command speaks to: one elsewhere, the one that runs here, or, where none runs, this process in its place.

import { existsSync, readFileSync } from 'node:fs';
import { dataPaths } from '../../server/assembly/house.ts';
import { codeOf, isNo, messageOf } from '../../server/malformed.ts';
import { OPERATOR_SECRET } from '../../server/secret.ts';
import { openSecretStore } from '../../server/secrets/store.ts';
import type { Ask, Client } from './api-client.ts';
import { openClient, Unanswered } from './api-client.ts';
import { CommandFailed, withHouse } from './context.ts';
import type { Context, Flags } from './context.ts';

/** An appliance that lives answers this in a moment. */
const ALIVE_MS = 3000;

/** Runs `work` with the API: that of `--url`, that of the appliance which serves the data directory, or its operations done here. */
export async function withApi<T>(context: Context, flags: Flags, work: (ask: Ask) => Promise<T>): Promise<T> {
  const client = await reach(context, flags);
  if (client !== undefined) return withClient(client, work);
  const { askHere } = await import('./api-here.ts');
  return withHouse(context, (house) => askHere(house, work));
}

/** The appliance that a command with these flags speaks to; undefined: none runs, and the data directory is the command's own. */
export async function reach(context: Context, flags: Flags): Promise<Client | undefined> {
  return (await elsewhere(flags)) ?? (await applianceHere(context));
}

/** Runs `work` with the client, and closes it. `CommandFailed` where the appliance does not answer. */
export async function withClient<T>(client: Client, work: (ask: Ask) => Promise<T>): Promise<T> {
  try {
    return await work(client.ask);
  } catch (error) {
    if (error instanceof Unanswered) throw new CommandFailed(`kickstand: ${error.message}`, 1);
    throw error;
  } finally {
    await client.close();
  }
}

/** The appliance that serves the data directory; undefined where none does, or where it does not answer. */
async function applianceHere({ settings }: Context): Promise<Client | undefined> {
  const { socket, secrets } = dataPaths(settings.dataDirectory);
  if (!existsSync(socket)) return undefined;
  const token = openSecretStore(secrets).read(OPERATOR_SECRET);
  if (token === undefined) return undefined;
  const client = openClient({ kind: 'socket', path: socket }, token);
  if (await isAlive(client)) return client;
  await client.close();
  return undefined;
}

/** One that was killed leaves its socket, one that is stuck does not answer: the command does the work beside it. */
async function isAlive({ ask }: Client): Promise<boolean> {
  try {
    return !isNo(await ask({ method: 'GET', path: '/session', answerMs: ALIVE_MS }));
  } catch (error) {
    if (error instanceof Unanswered) return false;
    throw error;
  }
}

/** Does the command speak to an appliance elsewhere? */
export function isElsewhere({ url }: Flags): boolean {
  return typeof url === 'string';
}

async function elsewhere(flags: Flags): Promise<Client | undefined> {
  const { url, tokenFile, ca } = flags;
  if (typeof url !== 'string') return undefined;
  const caFile = typeof ca === 'string' ? ca : undefined;
  const token = typeof tokenFile === 'string' ? read(tokenFile, '--token-file') : process.env['KICKSTAND_TOKEN'];
  if (token === undefined || token.trim() === '')
    throw new CommandFailed(
      '--url needs an API token: put one into KICKSTAND_TOKEN, or into a file for --token-file (kickstand token add makes one)',
      2,
    );
  if (caFile !== undefined) read(caFile, '--ca');
  return openClient({ kind: 'url', origin: originIn(url), caFile }, token.trim());
}

function originIn(url: string): string {
  const parsed = URL.parse(url);
  if (parsed === null || !/^https?:$/.test(parsed.protocol) || parsed.pathname !== '/' || parsed.search !== '')
    throw new CommandFailed('--url: an address like https://192.168.168.26', 2);
  return parsed.origin;
}

function read(file: string, flag: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (codeOf(error) === undefined) throw error;
    throw new CommandFailed(`${flag}: ${messageOf(error)}`, 2);
  }
}
