// What lint finds: where, how bad, what is wrong and how to mend it.

/**
 * `error`: the installer stops, or makes something else than the text says. `deprecated`: it works in this release and warns.
 * `warning`: it works, but hardly as meant.
 */
export type Severity = 'error' | 'deprecated' | 'warning';

/** One thing that is wrong. Lines and columns count from 1, as editors count them. No message ever holds a secret. */
export type Finding = {
  readonly line: number;
  readonly column: number | undefined;
  readonly severity: Severity;
  /** `syntax`: what the installer's own parser refuses or warns of; `sense`: what would go wrong on the machine later. */
  readonly kind: 'syntax' | 'sense';
  readonly message: string;
  readonly remedy: string | undefined;
};

/** A place in the text. */
export type At = { readonly line: number; readonly column?: number | undefined };

/** What the installer's parser stops at. */
export function syntaxError(at: At, message: string, remedy?: string): Finding {
  return { ...place(at), severity: 'error', kind: 'syntax', message, remedy };
}

/** What the installer's parser warns of and still takes. */
export function deprecation(at: At, message: string, remedy?: string): Finding {
  return { ...place(at), severity: 'deprecated', kind: 'syntax', message, remedy };
}

/** What the parser takes and the install fails at. */
export function senseError(at: At, message: string, remedy?: string): Finding {
  return { ...place(at), severity: 'error', kind: 'sense', message, remedy };
}

/** What works and is hardly meant. */
export function warning(at: At, message: string, remedy?: string): Finding {
  return { ...place(at), severity: 'warning', kind: 'sense', message, remedy };
}

function place({ line, column }: At): { readonly line: number; readonly column: number | undefined } {
  return { line, column };
}
