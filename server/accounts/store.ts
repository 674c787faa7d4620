// Operators, their sessions, API tokens and invitations, in one SQLite file of the data directory. Secrets are kept as SHA-256 only. Edge.

import Database from 'better-sqlite3';
import { createHash } from 'node:crypto';
import { chmodSync } from 'node:fs';
import type { OperatorRole, Principal } from './rights.ts';
import { isAlive, isOperatorRole, SESSION_SEEN_MS } from './rights.ts';

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS operator (
    name TEXT PRIMARY KEY, role TEXT NOT NULL, password TEXT NOT NULL, created_at INTEGER NOT NULL, seen_at INTEGER
  ) STRICT;
  CREATE TABLE IF NOT EXISTS session (
    secret TEXT PRIMARY KEY, id TEXT NOT NULL, operator TEXT NOT NULL, created_at INTEGER NOT NULL, seen_at INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS token (
    secret TEXT PRIMARY KEY, id TEXT NOT NULL UNIQUE, operator TEXT NOT NULL, label TEXT NOT NULL, role TEXT NOT NULL,
    created_at INTEGER NOT NULL, expires_at INTEGER, seen_at INTEGER
  ) STRICT;
  CREATE TABLE IF NOT EXISTS invitation (secret TEXT PRIMARY KEY, expires_at INTEGER NOT NULL) STRICT;
`;
const BUSY_TIMEOUT_MS = 2000;
/** One operator may be logged in at so many places; the oldest is logged out. */
const MOST_SESSIONS = 20;

/** An account, as it may be shown. Times are ms since 1970. */
export type Operator = {
  readonly name: string;
  readonly role: OperatorRole;
  readonly createdAt: number;
  readonly seenAt: number | undefined;
};

/** An API token, as it may be shown: never what it is. */
export type Token = {
  readonly id: string;
  readonly operator: string;
  readonly label: string;
  readonly role: OperatorRole;
  readonly createdAt: number;
  readonly expiresAt: number | undefined;
  readonly seenAt: number | undefined;
};

/** A secret and the name it goes by in lists: both are made by the caller. */
export type Key = { readonly secret: string; readonly id: string };

export type AccountStore = ReturnType<typeof openAccounts>;

/** Opens the accounts in `file`, which is made where it is missing, readable by its owner only. */
export function openAccounts(file: string) {
  const database = new Database(file, { timeout: BUSY_TIMEOUT_MS });
  chmodSync(file, 0o600);
  database.pragma('journal_mode = WAL');
  database.pragma('synchronous = FULL');
  database.exec(SCHEMA);
  return {
    ...operatorsIn(database),
    ...sessionsIn(database),
    ...tokensIn(database),
    ...invitationsIn(database),
    close: (): void => void database.close(),
  };
}

function hashed(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url');
}

type OperatorRow = { name: string; role: string; password: string; created_at: number; seen_at: number | null };

function operatorsIn(database: Database.Database) {
  const all = database.prepare<[], OperatorRow>('SELECT * FROM operator ORDER BY name');
  const one = database.prepare<[string], OperatorRow>('SELECT * FROM operator WHERE name = ?');
  const insert = database.prepare(
    'INSERT INTO operator (name, role, password, created_at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING',
  );
  const admins = database.prepare<[string], { n: number }>(
    "SELECT count(*) AS n FROM operator WHERE role = 'admin' AND name <> ?",
  );
  const outcome = (name: string, change: () => void, keepsAdmin: boolean): 'done' | 'missing' | 'last-admin' => {
    const attempt = database.transaction(() => {
      const row = one.get(name);
      if (row === undefined) return 'missing' as const;
      if (!keepsAdmin && row.role === 'admin' && (admins.get(name)?.n ?? 0) === 0) return 'last-admin' as const;
      change();
      return 'done' as const;
    });
    return attempt.immediate();
  };
  const endSessions = database.prepare('DELETE FROM session WHERE operator = ?');
  return {
    operators: (): readonly Operator[] => all.all().flatMap(operatorOf),
    /** The role and the password's hash of an account. */
    credentials: (name: string): { readonly role: OperatorRole; readonly password: string } | undefined => {
      const row = one.get(name);
      return row !== undefined && isOperatorRole(row.role) ? { role: row.role, password: row.password } : undefined;
    },
    /** False where the name is taken. */
    addOperator: (account: { name: string; role: OperatorRole; password: string; now: number }): boolean =>
      insert.run(account.name, account.role, account.password, account.now).changes === 1,
    /** Ends every session of the account: whoever knew the old password is out. */
    setPassword: (name: string, password: string) =>
      outcome(
        name,
        () => {
          database.prepare('UPDATE operator SET password = ? WHERE name = ?').run(password, name);
          endSessions.run(name);
        },
        true,
      ),
    /** The last admin stays one. */
    setRole: (name: string, role: OperatorRole) =>
      outcome(
        name,
        () => void database.prepare('UPDATE operator SET role = ? WHERE name = ?').run(role, name),
        role === 'admin',
      ),
    /** With its sessions and tokens. The last admin stays. */
    removeOperator: (name: string) =>
      outcome(
        name,
        () => {
          endSessions.run(name);
          database.prepare('DELETE FROM token WHERE operator = ?').run(name);
          database.prepare('DELETE FROM operator WHERE name = ?').run(name);
        },
        false,
      ),
  };
}

function operatorOf(row: OperatorRow): readonly Operator[] {
  const { name, role, created_at: createdAt, seen_at: seenAt } = row;
  return isOperatorRole(role) ? [{ name, role, createdAt, seenAt: seenAt ?? undefined }] : [];
}

type SessionRow = { id: string; operator: string; role: string; created_at: number; seen_at: number };

function sessionsIn(database: Database.Database) {
  const find = database.prepare<[string], SessionRow>(
    'SELECT id, operator, role, session.created_at, session.seen_at FROM session JOIN operator ON name = operator WHERE secret = ?',
  );
  const touch = database.prepare('UPDATE session SET seen_at = ? WHERE secret = ?');
  const seen = database.prepare('UPDATE operator SET seen_at = ? WHERE name = ?');
  const remove = database.prepare('DELETE FROM session WHERE secret = ?');
  const open = database.transaction((operator: string, { secret, id }: Key, now: number) => {
    database
      .prepare('INSERT INTO session (secret, id, operator, created_at, seen_at) VALUES (?, ?, ?, ?, ?)')
      .run(hashed(secret), id, operator, now, now);
    database
      .prepare(
        'DELETE FROM session WHERE operator = ? AND secret NOT IN (SELECT secret FROM session WHERE operator = ? ORDER BY seen_at DESC LIMIT ?)',
      )
      .run(operator, operator, MOST_SESSIONS);
    seen.run(now, operator);
  });
  return {
    openSession: (operator: string, key: Key, now: number): void => {
      open.immediate(operator, key, now);
    },
    /** Whose session it is, with the role that the account has now; undefined where it has ended, which it does by time too. */
    sessionOf: (secret: string, now: number): Principal | undefined => {
      const key = hashed(secret);
      const row = find.get(key);
      if (row === undefined || !isOperatorRole(row.role)) return undefined;
      if (!isAlive({ createdAt: row.created_at, seenAt: row.seen_at }, now)) {
        remove.run(key);
        return undefined;
      }
      if (now - row.seen_at > SESSION_SEEN_MS) {
        touch.run(now, key);
        seen.run(now, row.operator);
      }
      return { name: row.operator, role: row.role, via: 'session', id: row.id };
    },
    endSession: (id: string): void => void database.prepare('DELETE FROM session WHERE id = ?').run(id),
  };
}

type TokenRow = {
  secret: string;
  id: string;
  operator: string;
  label: string;
  role: string;
  created_at: number;
  expires_at: number | null;
  seen_at: number | null;
};

function tokensIn(database: Database.Database) {
  const all = database.prepare<[], TokenRow>('SELECT * FROM token ORDER BY created_at');
  const find = database.prepare<[string], TokenRow>('SELECT * FROM token WHERE secret = ?');
  const touch = database.prepare('UPDATE token SET seen_at = ? WHERE secret = ?');
  return {
    tokens: (): readonly Token[] => all.all().flatMap(tokenOf),
    addToken: (token: Key & Omit<Token, 'id' | 'createdAt' | 'seenAt'> & { readonly now: number }): void => {
      database
        .prepare(
          'INSERT INTO token (secret, id, operator, label, role, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?)',
        )
        .run(
          hashed(token.secret),
          token.id,
          token.operator,
          token.label,
          token.role,
          token.now,
          token.expiresAt ?? null,
        );
    },
    removeToken: (id: string): boolean => database.prepare('DELETE FROM token WHERE id = ?').run(id).changes === 1,
    /** Whose token it is; undefined where there is none, or no longer. */
    tokenOf: (secret: string, now: number): Principal | undefined => {
      const row = find.get(hashed(secret));
      if (row === undefined || !isOperatorRole(row.role)) return undefined;
      if (row.expires_at !== null && row.expires_at <= now) return undefined;
      if (now - (row.seen_at ?? 0) > SESSION_SEEN_MS) touch.run(now, row.secret);
      return { name: row.operator, role: row.role, via: 'token', id: row.id };
    },
  };
}

function tokenOf(row: TokenRow): readonly Token[] {
  const { id, operator, label, role, created_at: createdAt, expires_at: expiresAt, seen_at: seenAt } = row;
  if (!isOperatorRole(role)) return [];
  return [{ id, operator, label, role, createdAt, expiresAt: expiresAt ?? undefined, seenAt: seenAt ?? undefined }];
}

function invitationsIn(database: Database.Database) {
  const spend = database.prepare('DELETE FROM invitation WHERE secret = ? AND expires_at > ?');
  return {
    /** A one-time leave to make the first account; an earlier one is void. */
    invite: (secret: string, expiresAt: number): void => {
      const replace = database.transaction(() => {
        database.exec('DELETE FROM invitation');
        database.prepare('INSERT INTO invitation (secret, expires_at) VALUES (?, ?)').run(hashed(secret), expiresAt);
      });
      replace.immediate();
    },
    isInvited: (secret: string, now: number): boolean =>
      database.prepare('SELECT 1 FROM invitation WHERE secret = ? AND expires_at > ?').get(hashed(secret), now) !==
      undefined,
    /** Takes the leave: true once. */
    spendInvitation: (secret: string, now: number): boolean => spend.run(hashed(secret), now).changes === 1,
  };
}
