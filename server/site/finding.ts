// What a check of the site file hands back: a place in the file, what is wrong there, how to mend it. Pure.

/** Keys and indices from the root of the file: `['hosts', 2, 'address']`. */
export type Path = readonly (string | number)[];

/** What is wrong with one value, wherever it stands. */
export type Fault = { readonly message: string; readonly remedy?: string };

/** A remedy that is looked for only when it is told: a guess at what was meant costs more than the finding. */
export type Guess = () => string | undefined;

/** A fault at its place. Lines are added at the end, where the text is known. */
export type Finding = { readonly path: Path; readonly message: string; readonly remedy?: string | Guess };

/** A finding; `remedy` may be undefined where there is nothing better to say than the message. */
export function finding(path: Path, message: string, remedy?: string | Guess): Finding {
  return remedy === undefined ? { path, message } : { path, message, remedy };
}

/** `hosts[2].address`; keys that would not read as one word are quoted: `site["no such"]`. */
export function formatPath(path: Path): string {
  return path.map((part, index) => formatPart(part, index === 0)).join('');
}

function formatPart(part: string | number, first: boolean): string {
  if (typeof part === 'number') return `[${part}]`;
  if (!/^[A-Za-z_][A-Za-z0-9_-]*$/.test(part)) return `[${quoted(part)}]`;
  return first ? part : `.${part}`;
}

/** Outside text for a message: in quotes, control characters escaped, cut at 60 characters. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 59)}…` : text);
}
