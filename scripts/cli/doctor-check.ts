// One check of the doctor: what was looked at, and what was found.

/** `remedy` says what to do about a problem. */
export type Check = {
  readonly what: string;
  readonly ok: boolean;
  readonly found: string;
  readonly remedy: string | undefined;
};

/** A check that passed. */
export function fine(what: string, found: string): Check {
  return { what, ok: true, found, remedy: undefined };
}

/** A check that found a problem. */
export function problem(what: string, found: string, remedy: string | undefined): Check {
  return { what, ok: false, found, remedy };
}
