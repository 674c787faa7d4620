// An entry of the audit log, how it is read from a line, and which ones are asked for. Pure.

/** A change that was asked for. `status` is the answer's; a command's is 0 where it went well. */
export type AuditEntry = {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly who: string;
  readonly via: string;
  readonly address: string;
  readonly operation: string;
  readonly target: string;
  readonly status: number;
  /** What it was and what it became, in a few words. */
  readonly before?: string | undefined;
  readonly after?: string | undefined;
};

const TEXTS = ['who', 'via', 'address', 'operation', 'target'] as const;
const CHANGES = ['before', 'after'] as const;
/** Of each text: an entry stays a line that can be read at a glance. */
const MOST_CHARACTERS = 300;

/** The line of an entry, its end with it. */
export function formatEntry(entry: AuditEntry): string {
  const line = JSON.stringify(entry, (_key, value: unknown) =>
    typeof value === 'string' ? value.slice(0, MOST_CHARACTERS) : value,
  );
  return `${line}\n`;
}

/** Reads a line. One that a crash cut short, or another hand wrote, is no entry. */
export function parseEntry(line: string): AuditEntry | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return isEntry(value) ? value : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function isEntry(value: unknown): value is AuditEntry {
  if (typeof value !== 'object' || value === null) return false;
  const isText = (key: string): boolean => typeof Reflect.get(value, key) === 'string';
  return (
    TEXTS.every(isText) &&
    CHANGES.every((key) => !(key in value) || isText(key)) &&
    Number.isFinite(Reflect.get(value, 'at')) &&
    Number.isInteger(Reflect.get(value, 'status'))
  );
}

/** What is asked for: parts of texts, in any case; undefined or empty: all. */
export type AuditFilter = {
  readonly who?: string | undefined;
  readonly operation?: string | undefined;
  readonly target?: string | undefined;
  readonly outcome?: 'done' | 'refused' | undefined;
};

/** Is `entry` among what `filter` asks for? */
export function isWanted(entry: AuditEntry, filter: AuditFilter): boolean {
  const holds = (text: string, part = ''): boolean => text.toLowerCase().includes(part.toLowerCase());
  if (filter.outcome !== undefined && (filter.outcome === 'done') !== wentWell(entry)) return false;
  return holds(entry.who, filter.who) && holds(entry.operation, filter.operation) && holds(entry.target, filter.target);
}

/** Was it done, and not refused? */
export function wentWell({ status }: Pick<AuditEntry, 'status'>): boolean {
  return status === 0 || (status >= 200 && status < 400);
}
