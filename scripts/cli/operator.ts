// kickstand operator and kickstand token: who may use the page and the API. They work on the data directory, appliance running or not.

import { randomBytes } from 'node:crypto';
import type { Accounts } from '../../server/assembly/accounts.ts';
import { openAccountsOf } from '../../server/assembly/accounts.ts';
import { dataPaths } from '../../server/assembly/house.ts';
import type { OperatorRole } from '../../server/accounts/rights.ts';
import { tokenWords } from '../../server/accounts/words.ts';
import { isOperatorRole, OPERATOR_NAME, OPERATOR_ROLES } from '../../server/accounts/rights.ts';
import type { No } from '../../server/malformed.ts';
import { isNo } from '../../server/malformed.ts';
import { openSecretStore } from '../../server/secrets/store.ts';
import { ensureDirectory } from '../../server/store.ts';
import type { Args, Context, Flags } from './context.ts';
import { CommandFailed, originFor, readContext } from './context.ts';
import { readHiddenLine } from './hidden-line.ts';
import type { Done } from './noted.ts';
import { noteCommand } from './noted.ts';
import type { ExitCode } from './output.ts';
import { formatTime, print, refuse, table } from './output.ts';

/** `operator list`. */
export async function listOperators(_args: Args, flags: Flags): Promise<ExitCode> {
  return withAccounts(flags, ({ store }, { output }) => {
    const all = store.operators();
    const rows = all.map(({ name, role, createdAt, seenAt }) => [
      name,
      role,
      formatTime(createdAt),
      formatTime(seenAt ?? 0),
    ]);
    print(
      output,
      all,
      all.length === 0
        ? 'none: kickstand operator invite makes a set-up link'
        : table(['NAME', 'ROLE', 'SINCE', 'LAST SEEN'], rows),
    );
    return 0;
  });
}

/** `operator add NAME --role ROLE`: the password is typed unseen, or comes on standard input. */
export async function addOperator([name]: Args, flags: Flags): Promise<ExitCode> {
  return withAccounts(flags, async ({ desk }, context) => {
    const account = {
      name: nameOf(name),
      role: roleOf(flags['role']),
      password: await readHiddenLine('password: ', 'password'),
    };
    return done(context, await desk.add(account), {
      operation: 'addOperator',
      target: account.name,
      after: account.role,
      text: `${account.name}: added as ${account.role}`,
    });
  });
}

/** `operator password NAME`: its sessions end. */
export async function changePassword([name]: Args, flags: Flags): Promise<ExitCode> {
  return withAccounts(flags, async ({ desk }, context) => {
    const target = nameOf(name);
    const changed = await desk.setPassword(target, await readHiddenLine('new password: ', 'password'));
    return done(context, changed, {
      operation: 'changeOperator',
      target,
      after: 'password changed',
      text: `${target}: password changed, sessions ended`,
    });
  });
}

/** `operator role NAME ROLE`. */
export async function changeRole([name, role]: Args, flags: Flags): Promise<ExitCode> {
  return withAccounts(flags, ({ desk, store }, context) => {
    const target = nameOf(name);
    const wanted = roleOf(role);
    const before = store.credentials(target)?.role;
    return done(context, desk.setRole(target, wanted), {
      operation: 'changeOperator',
      target,
      before,
      after: wanted,
      text: `${target}: ${wanted}`,
    });
  });
}

/** `operator remove NAME`. */
export async function removeOperator([name]: Args, flags: Flags): Promise<ExitCode> {
  return withAccounts(flags, ({ desk, store }, context) => {
    const target = nameOf(name);
    const before = store.credentials(target)?.role;
    return done(context, desk.remove(target), {
      operation: 'removeOperator',
      target,
      before,
      text: `${target}: removed`,
    });
  });
}

/** `operator invite`: the set-up link of the first account. */
export async function inviteCommand(_args: Args, flags: Flags): Promise<ExitCode> {
  return withAccounts(flags, async ({ desk }, context) => {
    const { output } = context;
    if (!desk.isEmpty()) {
      return refuse(output, {
        kind: 'no',
        reason: 'there are operators already',
        remedy: 'kickstand operator add NAME',
      });
    }
    const link = setupLink(await originFor(context), desk.invite());
    print(output, { link }, `${link}\n  it works once, for a day`);
    return 0;
  });
}

/** Behind the # of an address nothing is sent to a server, or written into a log. */
export function setupLink(origin: string, invitation: string): string {
  return `${origin}/setup#${invitation}`;
}

/** `token list`. */
export async function listTokens(_args: Args, flags: Flags): Promise<ExitCode> {
  return withAccounts(flags, ({ store }, { output }) => {
    const all = store.tokens();
    const rows = all.map((token) => [
      token.id,
      token.label,
      token.role,
      token.operator,
      formatTime(token.createdAt),
      token.expiresAt === undefined ? 'never' : formatTime(token.expiresAt),
      formatTime(token.seenAt ?? 0),
    ]);
    print(
      output,
      all,
      all.length === 0 ? 'none' : table(['ID', 'LABEL', 'ROLE', 'OF', 'SINCE', 'EXPIRES', 'LAST USED'], rows),
    );
    return 0;
  });
}

/** Whoever runs a command here can read every secret: they are the administrator of the machine. */
const LOCAL = { name: 'local', role: 'admin', via: 'token', id: 'command' } as const;
const DAY_MS = 86_400_000;

/** `token add LABEL --role ROLE [--days N]`: the secret is printed this once. */
export async function addToken([label]: Args, flags: Flags): Promise<ExitCode> {
  return withAccounts(flags, ({ desk }, { settings, output }) => {
    const days = flags['days'] === undefined ? undefined : Number(flags['days']);
    if (days !== undefined && !(Number.isInteger(days) && days > 0))
      throw new CommandFailed('--days is a whole number above 0', 2);
    const expiresAt = days === undefined ? undefined : Date.now() + days * DAY_MS;
    const made = desk.makeToken(LOCAL, { label: String(label), role: roleOf(flags['role']), expiresAt });
    if (isNo(made)) return refuse(output, made);
    noteCommand(settings, { operation: 'makeToken', target: made.token.id, after: tokenWords(made.token) });
    print(output, { ...made.token, secret: made.secret }, made.secret);
    return 0;
  });
}

/** `token remove ID`. */
export async function removeToken([id]: Args, flags: Flags): Promise<ExitCode> {
  return withAccounts(flags, ({ store }, { settings, output }) => {
    const target = String(id);
    const token = store.tokens().find((one) => one.id === target);
    if (token === undefined || !store.removeToken(target))
      return refuse(output, { kind: 'no', reason: `there is no token ${target}`, remedy: 'kickstand token list' });
    noteCommand(settings, { operation: 'removeToken', target, before: tokenWords(token) });
    print(output, { removed: target }, `${target}: removed`);
    return 0;
  });
}

function done(
  { settings, output }: Context,
  answer: { readonly kind: string } | No,
  { text, ...change }: Done & { readonly text: string },
): ExitCode {
  if (isNo(answer)) return refuse(output, answer);
  noteCommand(settings, change);
  print(output, { [change.operation]: change.target }, text);
  return 0;
}

async function withAccounts(
  flags: Flags,
  work: (accounts: Accounts, context: Context) => Promise<ExitCode> | ExitCode,
): Promise<ExitCode> {
  const context = readContext(flags);
  const { settings } = context;
  await ensureDirectory(settings.dataDirectory);
  const secrets = openSecretStore(dataPaths(settings.dataDirectory).secrets);
  const accounts = openAccountsOf({ settings, secrets, now: Date.now, random: randomBytes });
  try {
    return await work(accounts, context);
  } finally {
    accounts.close();
  }
}

function nameOf(given: Args[number]): string {
  const name = String(given);
  if (new RegExp(OPERATOR_NAME).test(name)) return name;
  throw new CommandFailed(
    'an operator is named by 2 to 32 lower-case letters, digits, dots and dashes, a letter first',
    2,
  );
}

function roleOf(given: unknown): OperatorRole {
  if (typeof given === 'string' && isOperatorRole(given)) return given;
  throw new CommandFailed(`a role is one of ${OPERATOR_ROLES.join(', ')}`, 2);
}
