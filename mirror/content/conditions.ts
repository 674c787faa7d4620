// Decides conditional requests (RFC 9110 §13) from the request's headers and the content's validators. Pure.

/** Header names in lower case, as Node gives them. */
export type RequestHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

/** `etag` is strong, with its quotes. `modifiedMs` is undefined where no Last-Modified is sent. */
export type Validators = { readonly etag: string; readonly modifiedMs: number | undefined };

/** `failed` is answered with 412, `not-modified` with 304. */
export type ConditionOutcome = 'proceed' | 'not-modified' | 'failed';

/** Evaluates the preconditions of a GET or HEAD in the order of RFC 9110 §13.2.2. */
export function evaluateConditions(headers: RequestHeaders, validators: Validators): ConditionOutcome {
  const ifMatch = headerText(headers, 'if-match');
  const ifNoneMatch = headerText(headers, 'if-none-match');
  if (ifMatch !== undefined) {
    if (!listsTag(ifMatch, validators.etag, 'strong')) return 'failed';
  } else if (isNewerThan(validators, headerText(headers, 'if-unmodified-since')) === 'newer') {
    return 'failed';
  }
  if (ifNoneMatch !== undefined) return listsTag(ifNoneMatch, validators.etag, 'weak') ? 'not-modified' : 'proceed';
  const since = isNewerThan(validators, headerText(headers, 'if-modified-since'));
  return since === 'not newer' ? 'not-modified' : 'proceed';
}

/**
 * May the Range header be followed (§13.1.5)? True without an If-Range. An entity tag must match strongly, a date must be exactly
 * the Last-Modified: content here is replaced by rename, not rewritten within a second, so that date is a strong validator (§8.8.2.2).
 */
export function rangeStillApplies(headers: RequestHeaders, validators: Validators): boolean {
  const ifRange = headerText(headers, 'if-range');
  if (ifRange === undefined) return true;
  if (ifRange.includes('"')) return ifRange.trim() === validators.etag;
  const date = parseHttpDate(ifRange);
  return date !== undefined && date === secondsOf(validators.modifiedMs);
}

/** The first value of a header that has at most one. */
export function headerText(headers: RequestHeaders, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' || value === undefined ? value : value[0];
}

/** A date that is absent or no HTTP-date is ignored (§13.1.3, §13.1.4), and so is any date where the content has none. */
function isNewerThan(validators: Validators, header: string | undefined): 'newer' | 'not newer' | 'unknown' {
  const date = header === undefined ? undefined : parseHttpDate(header);
  const modified = secondsOf(validators.modifiedMs);
  if (date === undefined || modified === undefined) return 'unknown';
  return modified > date ? 'newer' : 'not newer';
}

/** Does a list of entity tags, or `*`, name `etag` (§8.8.3.2)? A weak tag never matches strongly. */
function listsTag(header: string, etag: string, comparison: 'strong' | 'weak'): boolean {
  if (header.trim() === '*') return true;
  const tags = header.match(/(?:W\/)?"[^"]*"/g) ?? [];
  return tags.some((tag) => (comparison === 'weak' ? tag.replace(/^W\//, '') : tag) === etag);
}

/** HTTP dates count in whole seconds. */
function secondsOf(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : Math.floor(ms / 1000);
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
/** IMF-fixdate, and the two obsolete forms that recipients must take (§5.6.7): RFC 850 and asctime. */
const DATES = [
  /^\w{3}, (?<day>\d{2}) (?<month>\w{3}) (?<year>\d{4}) (?<h>\d{2}):(?<m>\d{2}):(?<s>\d{2}) GMT$/i,
  /^\w{6,9}, (?<day>\d{2})-(?<month>\w{3})-(?<year>\d{2}) (?<h>\d{2}):(?<m>\d{2}):(?<s>\d{2}) GMT$/i,
  /^\w{3} (?<month>\w{3}) (?<day>[ \d]\d) (?<h>\d{2}):(?<m>\d{2}):(?<s>\d{2}) (?<year>\d{4})$/i,
];

/** Seconds since 1970 of an HTTP-date, or undefined where the text is none. */
export function parseHttpDate(text: string): number | undefined {
  const groups = DATES.map((pattern) => pattern.exec(text.trim())?.groups).find((found) => found !== undefined);
  if (groups === undefined) return undefined;
  const month = MONTHS.indexOf((groups['month'] ?? '').toLowerCase());
  if (month === -1) return undefined;
  const number = (name: string): number => Number(groups[name]);
  const ms = Date.UTC(fullYear(groups['year'] ?? ''), month, number('day'), number('h'), number('m'), number('s'));
  return Math.floor(ms / 1000);
}

/** Two digits mean 1970 to 2069. */
function fullYear(text: string): number {
  const year = Number(text);
  if (text.length === 4) return year;
  return year < 70 ? 2000 + year : 1900 + year;
}
