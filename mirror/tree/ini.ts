// INI text as release engineers write it (Python's ConfigParser): text in, sections of keys and values out. Pure.

import { Malformed } from '../../server/malformed.ts';

/** Section name → key → value, both as written. A key given twice keeps its last value, as in ConfigParser. */
export type Ini = ReadonlyMap<string, ReadonlyMap<string, string>>;

const MAX_TEXT = 512 * 1024;
const MAX_LINES = 20_000;
const MAX_LINE = 16 * 1024;

/**
 * Reads INI bytes: `;` and `#` comments, `key = value` or `key: value`, continuation lines that begin with a blank, any
 * line ends, a byte order mark. Throws `Malformed` (with the line) for anything else. `where` names the file.
 */
export function parseIni(bytes: Uint8Array, where: string): Ini {
  const sections = new Map<string, Map<string, string>>();
  let section: Map<string, string> | undefined;
  let lastKey: string | undefined;
  for (const [index, line] of linesOf(bytes, where).entries()) {
    const at = `${where}, line ${index + 1}`;
    const text = withoutComment(line);
    if (text.trim() === '') continue;
    const header = /^\[(?<name>[^\]]+)\]\s*$/.exec(text)?.groups?.['name'];
    if (header !== undefined) {
      section = sections.get(header) ?? new Map<string, string>();
      sections.set(header, section);
      lastKey = undefined;
    } else if (section === undefined) {
      throw new Malformed('a line before the first [section]', at);
    } else if (/^\s/.test(text) && lastKey !== undefined) {
      section.set(lastKey, `${section.get(lastKey) ?? ''} ${text.trim()}`.trim());
    } else {
      const { key, value } = parseKey(text, at);
      section.set(key, value);
      lastKey = key;
    }
  }
  return sections;
}

function linesOf(bytes: Uint8Array, where: string): readonly string[] {
  if (bytes.byteLength > MAX_TEXT) throw new Malformed(`more than ${MAX_TEXT} bytes`, where);
  const text = new TextDecoder('utf-8').decode(bytes); // takes a byte order mark off
  if (text.includes('\0')) throw new Malformed('not a text file', where);
  const lines = text.split(/\r\n|\n|\r/);
  if (lines.length > MAX_LINES) throw new Malformed(`more than ${MAX_LINES} lines`, where);
  const long = lines.findIndex((line) => line.length > MAX_LINE);
  if (long !== -1) throw new Malformed('a line is too long', `${where}, line ${long + 1}`);
  return lines;
}

/** A `;` after a blank ends a value in Python 2's ConfigParser, which wrote and read these files for years. */
function withoutComment(line: string): string {
  if (/^\s*[;#]/.test(line)) return '';
  const comment = line.search(/\s;/);
  return comment === -1 ? line : line.slice(0, comment);
}

function parseKey(text: string, where: string): { readonly key: string; readonly value: string } {
  const at = text.search(/[=:]/);
  const key = text.slice(0, Math.max(at, 0)).trim();
  if (key === '') throw new Malformed('neither a [section] nor a key = value', where);
  return { key, value: text.slice(at + 1).trim() };
}
