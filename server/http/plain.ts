// Reads the one kind of request that needs no parser: whole, alone, and asking for nothing but a file. Pure.

/** `target` is in origin form, as sent. */
export type PlainRequest = { readonly method: 'GET' | 'HEAD'; readonly target: string };

/** A whole answer: `headers` are names and values in turns; `body` a string of its bytes (Latin-1) or the bytes; neither for HEAD. */
export type PlainAnswer = {
  readonly status: number;
  readonly headers: readonly string[];
  readonly body: Buffer | string | undefined;
};

/** What installers and package managers send is a few hundred bytes. */
const PLAIN_LIMIT = 4096;

const REQUEST_LINE = /^(GET|HEAD) (\/[!-~]*) HTTP\/1\.1\r\n/;
/** RFC 9110 §5.5: visible characters, spaces, tabs and obs-text; a bare CR or LF ends nothing here and is no part of a value. */
const FIELD_VALUE = /^[\t\u0020-\u007e\u0080-\u00ff]*$/;

/**
 * Fields that change nothing about the answer to a GET of a file. All others, those that announce a body among them, are for the parser:
 * what is not known to be harmless is never taken for it.
 */
const HARMLESS: ReadonlySet<string> = new Set([
  'host',
  'user-agent',
  'accept',
  'accept-encoding',
  'accept-language',
  'cache-control',
  'pragma',
  'referer',
]);

/**
 * The request that `bytes` are, where they are exactly one request of HTTP/1.1 with one Host, no field but harmless ones, and no body.
 * Undefined for everything else, be it faulty, unfinished, followed by another request, or merely more than plain.
 */
export function readPlainRequest(bytes: Buffer): PlainRequest | undefined {
  if (bytes.byteLength > PLAIN_LIMIT) return undefined;
  const text = bytes.toString('latin1');
  const [line, method, target] = REQUEST_LINE.exec(text) ?? [];
  if (line === undefined || target === undefined || (method !== 'GET' && method !== 'HEAD')) return undefined;
  return isPlainHead(text, line.length) ? { method, target } : undefined;
}

/** Is `text` from `start` on nothing but harmless fields and the empty line that ends them? */
function isPlainHead(text: string, start: number): boolean {
  let hosts = 0;
  for (let at = start; ;) {
    const end = text.indexOf('\r\n', at);
    if (end === -1) return false;
    if (end === at) return hosts === 1 && end + 2 === text.length;
    const colon = text.indexOf(':', at);
    if (colon === -1 || colon > end) return false;
    const name = text.slice(at, colon).toLowerCase();
    const value = text.slice(colon + 1, end);
    if (!isHarmless(name, value)) return false;
    if (name === 'host') hosts += 1;
    at = end + 2;
  }
}

function isHarmless(name: string, value: string): boolean {
  if (name === 'connection') return value.trim().toLowerCase() === 'keep-alive';
  return HARMLESS.has(name) && FIELD_VALUE.test(value);
}
