// Reads what a new connection opens with, up to the end of its first line. Pure.

/** What is no request. */
export type OpeningFault = 'tls' | 'too-long';

export type Opening =
  /** The first line is not complete yet. */
  | { readonly kind: 'partial' }
  /** The request line, without its line end. It may be garbage: the parser will say so. */
  | { readonly kind: 'line'; readonly line: string }
  | { readonly kind: OpeningFault };

/** No request line of an installer or a browser comes near this; RFC 9112 §3 asks for 8000 at least. */
export const OPENING_LIMIT = 8192;

const TLS_HANDSHAKE = 0x16; // the content type of a ClientHello's record (RFC 8446 §5.1)
const [CR, LF] = [0x0d, 0x0a];

/** What the bytes received so far are. Empty lines before the request line are passed over (RFC 9112 §2.2). */
export function readOpening(bytes: Uint8Array): Opening {
  if (bytes[0] === TLS_HANDSHAKE) return { kind: 'tls' };
  let start = 0;
  while (bytes[start] === CR || bytes[start] === LF) start += 1;
  const end = bytes.indexOf(LF, start);
  if (end === -1 || end >= OPENING_LIMIT) {
    return { kind: end !== -1 || bytes.byteLength >= OPENING_LIMIT ? 'too-long' : 'partial' };
  }
  const line = Buffer.from(bytes.subarray(start, end)).toString('latin1');
  return { kind: 'line', line: line.endsWith('\r') ? line.slice(0, -1) : line };
}
