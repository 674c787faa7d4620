// A TCP stream → syslog messages (RFC 6587), however the stream is cut. Pure; whoever has the socket hands in the bytes.

import { LIMIT_MESSAGE_BYTES } from './message.ts';

/** Takes the stream's next bytes, and answers the messages that are complete; `end` answers what was left unfinished. */
export type Framing = {
  push(bytes: Uint8Array): readonly Uint8Array[];
  end(): readonly Uint8Array[];
};

const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
/** RFC 6587 §3.4.1: a message's length, in decimal without leading zeros, and a blank. More digits are no length. */
const COUNT_DIGITS = 7;

/** What of the message at hand is kept: bytes beyond `LIMIT_MESSAGE_BYTES` are read over. */
type State =
  /** Between two messages: the digits of a count so far, which may yet prove to be text. */
  | { readonly kind: 'start'; readonly digits: readonly number[] }
  /** RFC 6587 §3.4.1, octet counting: so many bytes are to come. */
  | { readonly kind: 'counted'; readonly left: number }
  /** RFC 6587 §3.4.2, non-transparent framing: up to the next LF. */
  | { readonly kind: 'line' };

/**
 * The framing of one connection. Each message says by its first character which of the two framings it has, as rsyslog's
 * imtcp reads it: a digit begins a count. Memory stays within one message.
 */
export function openFraming(): Framing {
  let state: State = { kind: 'start', digits: [] };
  let kept: Uint8Array[] = [];
  let keptBytes = 0;
  const keep = (bytes: Uint8Array): void => {
    const room = bytes.subarray(0, LIMIT_MESSAGE_BYTES - keptBytes);
    if (room.length === 0) return;
    // A view of the socket's buffer would hold that whole buffer, and may be overwritten.
    kept.push(Uint8Array.from(room));
    keptBytes += room.length;
  };
  const complete = (): readonly Uint8Array[] => {
    const message = trimmed(Buffer.concat(kept));
    [state, kept, keptBytes] = [{ kind: 'start', digits: [] }, [], 0];
    return message.length === 0 ? [] : [message];
  };
  /** Reads on from `bytes[at]`; answers how far it came. */
  const step = (bytes: Uint8Array, at: number): { readonly at: number; readonly done: boolean } => {
    if (state.kind === 'start') {
      state = begin(state.digits, bytes[at] ?? LF, keep);
      // The byte that ends a count is part of it; the one that proves there is none is the message's own.
      return { at: state.kind === 'line' ? at : at + 1, done: false };
    }
    if (state.kind === 'counted') {
      const end = Math.min(bytes.length, at + state.left);
      keep(bytes.subarray(at, end));
      state = { kind: 'counted', left: state.left - (end - at) };
      return { at: end, done: state.left === 0 };
    }
    const found = bytes.indexOf(LF, at);
    keep(bytes.subarray(at, found === -1 ? bytes.length : found));
    return { at: found === -1 ? bytes.length : found + 1, done: found !== -1 };
  };
  return {
    push: (bytes) => {
      const messages: Uint8Array[] = [];
      for (let at = 0; at < bytes.length;) {
        const next = step(bytes, at);
        at = next.at;
        if (next.done) messages.push(...complete());
      }
      return messages;
    },
    end: () => {
      if (state.kind === 'start') keep(Uint8Array.from(state.digits));
      return complete();
    },
  };
}

/** One more byte at the start of a message. What looked like a count and is none goes into the message. */
function begin(digits: readonly number[], byte: number, keep: (bytes: Uint8Array) => void): State {
  const isDigit = byte >= 0x30 && byte <= 0x39 && (digits.length > 0 || byte !== 0x30);
  if (isDigit && digits.length < COUNT_DIGITS) return { kind: 'start', digits: [...digits, byte] };
  if (byte === SPACE && digits.length > 0) return { kind: 'counted', left: Number(String.fromCharCode(...digits)) };
  keep(Uint8Array.from(digits));
  return { kind: 'line' };
}

/** Without the line ends and NULs that some senders put behind a message, counted or not. */
function trimmed(bytes: Uint8Array): Uint8Array {
  let end = bytes.length;
  while (end > 0 && [0, LF, CR].includes(bytes[end - 1] ?? 1)) end -= 1;
  return bytes.subarray(0, end);
}
