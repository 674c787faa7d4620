// The error of untrusted input that cannot be read, and the value for a thing that is not to be had.

/** Thrown by every decoder and parser of untrusted input. Each edge catches it in exactly one place. */
export class Malformed extends Error {
  readonly where: string;

  /** `what` says what is wrong; `where` names the place (a field, a byte offset, a file). */
  constructor(what: string, where: string) {
    super(`${what} (${where})`);
    this.name = 'Malformed';
    this.where = where;
  }
}

/** A refusal that is a value, not a fault: the reason for a person, and what that person can do about it. */
export type No = { readonly kind: 'no'; readonly reason: string; readonly remedy?: string };

/** Builds a `No`. */
export function no(reason: string, remedy?: string): No {
  return remedy === undefined ? { kind: 'no', reason } : { kind: 'no', reason, remedy };
}

/** Is this the refusal, and not the thing asked for? */
export function isNo(value: unknown): value is No {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'no';
}

/** One thing wrong with a file an operator wrote: where, what, and how to mend it. Lines count from 1. */
export type Problem = {
  readonly path: string;
  readonly line: number | undefined;
  readonly message: string;
  readonly remedy: string | undefined;
};

/** `error`'s message for a log line or a reason, with the messages of its causes behind it. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? '' : `: ${messageOf(error.cause)}`;
  return `${error.message}${cause}`;
}

/** The `code` of a system error (`ENOENT`, `ENOSPC` …), or undefined. */
export function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
