// Bytes of a package's header as text that XML 1.0 can carry, and such text as XML. Pure.

import { isUtf8 } from 'node:buffer';

/** What XML 1.0 §2.2 has no way to write, not even as a reference. */
const FORBIDDEN = /[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/;
const ALL_FORBIDDEN = new RegExp(FORBIDDEN, 'g');
/** In Latin-1 these are controls: such a text is rather in one of Windows' code pages, where nobody knows what they stand for. */
const HIGH = /[\x80-\xbf]/g;

/**
 * The text of `bytes`: UTF-8, or else Latin-1 without its bytes 0x80 to 0xbf, as createrepo_c reads packages that are older
 * than UTF-8. It may still hold what XML cannot.
 */
export function decodeText(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return isUtf8(buffer) ? buffer.toString('utf8') : buffer.toString('latin1').replaceAll(HIGH, '');
}

/** Can XML carry this text? */
export function isXmlText(text: string): boolean {
  return !FORBIDDEN.test(text);
}

/** The text without what XML cannot carry. */
export function toXmlText(text: string): string {
  return isXmlText(text) ? text : text.replaceAll(ALL_FORBIDDEN, '');
}

const ENTITIES: Readonly<Record<string, string>> = {
  ...{ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' },
  // A parser makes spaces of these in an attribute, and a line feed of a carriage return anywhere (XML 1.0 §2.11, §3.3.3).
  ...{ '\t': '&#9;', '\n': '&#10;', '\r': '&#13;' },
};

/** As character data between tags. */
export function escapeText(text: string): string {
  return /[&<>\r]/.test(text) ? text.replaceAll(/[&<>\r]/g, (found) => ENTITIES[found] ?? '') : text;
}

/** As the value of an attribute in double quotes. */
export function escapeAttribute(text: string): string {
  return /[&<>"\t\n\r]/.test(text) ? text.replaceAll(/[&<>"\t\n\r]/g, (found) => ENTITIES[found] ?? '') : text;
}
