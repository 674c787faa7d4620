// Who may do what: three roles, each with all that the one before it may. Pure.

export const OPERATOR_ROLES = ['viewer', 'operator', 'admin'] as const;

/** `viewer` looks, `operator` changes what the appliance does, `admin` changes who may. */
export type OperatorRole = (typeof OPERATOR_ROLES)[number];

/** What a request needs: a role, or nothing at all. */
export type Right = OperatorRole | 'anyone';

/** Whoever a request was shown to come from. `id` names the session or token, never its secret. */
export type Principal = {
  readonly name: string;
  readonly role: OperatorRole;
  readonly via: 'session' | 'token' | 'command';
  readonly id: string;
};

/** May somebody with `role` do what needs `right`? Undefined is nobody in particular. */
export function mayAct(role: OperatorRole | undefined, right: Right): boolean {
  if (right === 'anyone') return true;
  return role !== undefined && OPERATOR_ROLES.indexOf(role) >= OPERATOR_ROLES.indexOf(right);
}

export function isOperatorRole(role: string): role is OperatorRole {
  return (OPERATOR_ROLES as readonly string[]).includes(role);
}

/** A session ends this long after it was used last, and after it was opened. */
const IDLE_MS = 12 * 3_600_000;
export const SESSION_LONGEST_MS = 7 * 86_400_000;
/** That it was used is written down no more often than this. */
export const SESSION_SEEN_MS = 60_000;

/** Does a session still hold at `now`? Times are ms since 1970. */
export function isAlive(
  { createdAt, seenAt }: { readonly createdAt: number; readonly seenAt: number },
  now: number,
): boolean {
  return now - seenAt < IDLE_MS && now - createdAt < SESSION_LONGEST_MS;
}

/** An operator's name: a word that is safe in logs, URLs and on pages. */
export const OPERATOR_NAME = '^[a-z][a-z0-9._-]{1,31}$';
