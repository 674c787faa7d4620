// What accounts are for: setting the first one up, logging in, changing passwords, making tokens. Its edges arrive as arguments.

import type { No } from '../malformed.ts';
import { no } from '../malformed.ts';
import { countAttempts } from './attempts.ts';
import { hashPassword, passwordProblem, verifyPassword } from './password.ts';
import type { OperatorRole, Principal } from './rights.ts';
import { mayAct } from './rights.ts';
import type { AccountStore, Token } from './store.ts';

export type DeskParts = {
  readonly accounts: AccountStore;
  readonly now: () => number;
  readonly random: (bytes: number) => Uint8Array;
};

/** A session that was opened: `secret` is the cookie's. */
export type Opened = { readonly kind: 'opened'; readonly secret: string; readonly principal: Principal };

/** A refused login. `waitSeconds` where it was not even looked at. */
export type LoginRefused = No & { readonly waitSeconds?: number };

export type Login = { readonly name: string; readonly password: string; readonly address: string };

export type NewAccount = { readonly name: string; readonly password: string; readonly role: OperatorRole };

export type AccountDesk = ReturnType<typeof openDesk>;

/** Hashing takes a core for 80 ms: so many at once, the rest is sent away. */
const HASHES_AT_ONCE = 4;
const INVITED_MS = 24 * 3_600_000;
const TOKEN_PREFIX = 'kst_';

export function openDesk(parts: DeskParts) {
  const tools = toolsOf(parts);
  return { ...ofLogins(tools), ...ofAccounts(tools), ...ofTokens(tools) };
}

type Tools = ReturnType<typeof toolsOf>;

function toolsOf({ accounts, now, random }: DeskParts) {
  const busy = { hashes: 0 };
  const secretOf = (bytes = 24): string => Buffer.from(random(bytes)).toString('base64url');
  const hashing = async <T>(work: () => Promise<T>): Promise<T | No> => {
    if (busy.hashes >= HASHES_AT_ONCE) return no('too many logins at once', 'try again in a second');
    busy.hashes += 1;
    try {
      return await work();
    } finally {
      busy.hashes -= 1;
    }
  };
  const hashOf = async (name: string, password: string): Promise<string | No> => {
    const problem = passwordProblem(password, name);
    if (problem !== undefined) return no(`this password is not taken: ${problem}`, 'choose a longer one');
    return hashing(() => hashPassword(password, random(16)));
  };
  const add = async ({ name, password, role }: NewAccount): Promise<{ readonly kind: 'added' } | No> => {
    const hash = await hashOf(name, password);
    if (typeof hash !== 'string') return hash;
    const isAdded = accounts.addOperator({ name, role, password: hash, now: now() });
    return isAdded ? { kind: 'added' } : no(`there is an operator ${name} already`, 'choose another name');
  };
  return { accounts, now, attempts: countAttempts(), secretOf, hashing, hashOf, add };
}

function ofLogins({ accounts, now, attempts, secretOf, hashing, hashOf }: Tools) {
  const open = (name: string, role: OperatorRole): Opened => {
    const key = { secret: secretOf(), id: secretOf(9) };
    accounts.openSession(name, key, now());
    return { kind: 'opened', secret: key.secret, principal: { name, role, via: 'session', id: key.id } };
  };
  return {
    /** Is there nobody yet who could log in? */
    isEmpty: (): boolean => accounts.operators().length === 0,
    /** A one-time leave to make the first account; an earlier one is void. */
    invite: (): string => {
      const secret = secretOf();
      accounts.invite(secret, now() + INVITED_MS);
      return secret;
    },
    /** Makes the first account, an admin, for who has the invitation; and logs it in. */
    setUp: async (invitation: string, account: Omit<NewAccount, 'role'>): Promise<Opened | No> => {
      if (accounts.operators().length > 0 || !accounts.isInvited(invitation, now())) return NOT_INVITED;
      const password = await hashOf(account.name, account.password);
      if (typeof password !== 'string') return password;
      // Of two who use it at once, one has it.
      if (!accounts.spendInvitation(invitation, now())) return NOT_INVITED;
      accounts.addOperator({ name: account.name, role: 'admin', password, now: now() });
      return open(account.name, 'admin');
    },
    logIn: async ({ name, password, address }: Login): Promise<Opened | LoginRefused> => {
      const keys = [`name:${name}`, `address:${address}`];
      const waitMs = attempts.waitMs(keys, now());
      if (waitMs > 0) {
        const waitSeconds = Math.ceil(waitMs / 1000);
        return { ...no('too many failed logins', `try again in ${waitSeconds} s`), waitSeconds };
      }
      const known = accounts.credentials(name);
      const isRight = await hashing(() => verifyPassword(password, known?.password));
      if (typeof isRight !== 'boolean') return { ...isRight, waitSeconds: 1 };
      if (!isRight || known === undefined) {
        attempts.failed(keys, now());
        return no('name and password do not belong together');
      }
      attempts.succeeded(`name:${name}`);
      return open(name, known.role);
    },
  };
}

function ofAccounts({ accounts, now, attempts, hashing, hashOf, add }: Tools) {
  return {
    add,
    /** An operator changes its own password by the old one; an admin anybody's. */
    setPassword: async (name: string, password: string): Promise<{ readonly kind: 'changed' } | No> => {
      const hash = await hashOf(name, password);
      if (typeof hash !== 'string') return hash;
      return accounts.setPassword(name, hash) === 'done' ? { kind: 'changed' } : no(`there is no operator ${name}`);
    },
    /** Is it the account's password? Counted like a login. */
    isPassword: async (name: string, password: string, address: string): Promise<boolean> => {
      const keys = [`name:${name}`, `address:${address}`];
      if (attempts.waitMs(keys, now()) > 0) return false;
      const isRight = await hashing(() => verifyPassword(password, accounts.credentials(name)?.password));
      if (isRight === false) attempts.failed(keys, now());
      return isRight === true;
    },
    setRole: (name: string, role: OperatorRole): { readonly kind: 'changed' } | No =>
      told(name, accounts.setRole(name, role), 'changed'),
    remove: (name: string): { readonly kind: 'removed' } | No => told(name, accounts.removeOperator(name), 'removed'),
  };
}

function ofTokens({ accounts, now, secretOf }: Tools) {
  return {
    /** A token can do no more than who makes it. `secret` is shown this once. */
    makeToken: (
      maker: Principal,
      { label, role, expiresAt }: Pick<Token, 'label' | 'role' | 'expiresAt'>,
    ): { readonly kind: 'made'; readonly token: Token; readonly secret: string } | No => {
      if (!mayAct(maker.role, role)) return no(`${maker.name} is ${maker.role}, and a token of it no more than that`);
      const secret = `${TOKEN_PREFIX}${secretOf()}`;
      const token = { id: secretOf(9), operator: maker.name, label, role, expiresAt };
      accounts.addToken({ ...token, secret, now: now() });
      return { kind: 'made', token: { ...token, createdAt: now(), seenAt: undefined }, secret };
    },
  };
}

const NOT_INVITED = no('this set-up link is spent or too old', 'kickstand operator invite makes a new one');

function told<K extends string>(
  name: string,
  outcome: 'done' | 'missing' | 'last-admin',
  kind: K,
): { readonly kind: K } | No {
  if (outcome === 'done') return { kind };
  if (outcome === 'missing') return no(`there is no operator ${name}`);
  return no(`${name} is the last admin`, 'make another operator an admin first');
}
