// All escaping, in one place: a value goes into a shell script, kickstart, XML, INI file, kernel line or URL only through here.

import { Malformed } from '../server/malformed.ts';

/** Everything Python's `str.splitlines` breaks lines at: pykickstart reads its files with it. */
const LINE_BREAK = /[\n\v\f\r\x1c-\x1e\u0085\u2028\u2029]/;
/** Control characters (C0, DEL, C1) and the two Unicode line separators: none has a place inside one line of text. */
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/;
/** A line of a script that pykickstart could take for `%end`, `%include`, `%ksappend` or a new section. */
const SECTION_LIKE = /(^|[\n\v\f\r\x1c-\x1e\u0085\u2028\u2029])%/;
/** Half a surrogate pair has no UTF-8 form. */
const LONE_SURROGATE = /\p{Surrogate}/u;

/**
 * One word for a POSIX shell (XCU 2.2.2: single quotes keep everything). Safe inside a kickstart's script too: no line of
 * the result starts with `%`. Throws `Malformed` for NUL, which no shell can hold.
 */
export function shellWord(text: string): string {
  if (text.includes('\0')) throw refusal('a shell word cannot hold NUL', text);
  if (LONE_SURROGATE.test(text)) throw refusal('a shell word cannot hold half a character', text);
  if (/^[A-Za-z0-9_./:@,+-]+$/.test(text)) return text;
  const quoted = `'${text.replaceAll("'", String.raw`'\''`)}'`;
  // Closing and reopening the quotes changes nothing for the shell, but the line no longer starts with a per cent sign.
  return quoted.replaceAll(new RegExp(`(${LINE_BREAK.source})%`, 'g'), "$1''%");
}

/**
 * A shell command that prints exactly `text`: a here-document with a delimiter proven not to occur in it, or printf where
 * a here-document could not say it (no newline at the end) or a kickstart would misread it (a line that starts with `%`).
 * `redirect` is put after the command's name, e.g. `> /etc/hosts`; the result ends in a newline.
 */
export function heredoc(text: string, redirect = ''): string {
  if (text.includes('\0')) throw refusal('a here-document cannot hold NUL', text);
  const tail = redirect === '' ? '' : ` ${redirect}`;
  if (text === '') return `printf ''${tail}\n`;
  if (!text.endsWith('\n') || SECTION_LIKE.test(text)) return `printf %s ${shellWord(text)}${tail}\n`;
  if (LONE_SURROGATE.test(text)) throw refusal('a here-document cannot hold half a character', text);
  const delimiter = delimiterFor(text);
  return `cat <<'${delimiter}'${tail}\n${text}${delimiter}\n`;
}

/**
 * One word of a kickstart command, for shlex (pykickstart) and popt (RHEL 6's loader) alike. Throws `Malformed` for what
 * the two read differently (a backslash), for control characters, and for a leading dash, which would be an option.
 */
export function kickstartValue(text: string): string {
  refuseControl(text, 'a kickstart value');
  if (text.includes('\\')) throw refusal('a kickstart value cannot hold a backslash', text);
  if (text.startsWith('-')) throw refusal('a kickstart value cannot start with a dash', text);
  if (/^[A-Za-z0-9_@%+=:,./$?&~-]+$/.test(text)) return text;
  if (!text.includes("'")) return `'${text}'`;
  return text
    .split(/('+)/)
    .filter((part) => part !== '')
    .map((part) => (part.startsWith("'") ? `"${part}"` : `'${part}'`))
    .join('');
}

/** Character data of an XML element (XML 1.0, 2.4). Throws `Malformed` for characters no XML document may hold (2.2). */
export function xmlText(text: string): string {
  if (/[\u0000-\u0008\v\f\u000e-\u001f\ufffe\uffff]/.test(text) || LONE_SURROGATE.test(text)) {
    throw refusal('XML cannot hold this character', text);
  }
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('\r', '&#13;');
}

/** The inside of an XML attribute in double quotes; white space is written so that its normalisation keeps it (3.3.3). */
export function xmlAttribute(text: string): string {
  return xmlText(text).replaceAll('"', '&quot;').replaceAll('\n', '&#10;').replaceAll('\t', '&#9;');
}

/**
 * A value that takes the rest of its line in an INI file. Throws `Malformed` for control characters, blanks at either
 * end (readers strip them) and anything a reader could take for a comment.
 */
export function iniValue(text: string): string {
  refuseControl(text, 'a value of an INI file');
  if (text !== text.trim()) throw refusal('a value of an INI file cannot start or end with a blank', text);
  if (/(^|\s)[#;]/.test(text)) throw refusal('a value of an INI file cannot hold a comment', text);
  return text;
}

/** A value that takes the rest of its line in a plain configuration file: as `iniValue`, and never empty. */
export function confValue(text: string): string {
  if (text === '') throw refusal('a configuration value cannot be empty', text);
  return iniValue(text);
}

/** One argument of a kernel's command line, which has no quoting that every loader keeps: printable ASCII, no blanks or quotes. */
export function kernelArgument(text: string): string {
  if (!/^[!#-&(-[\]-_a-~]+$/.test(text)) {
    throw refusal('a kernel argument cannot hold blanks, quotes, backslashes or anything but ASCII', text);
  }
  return text;
}

/** A value in a URL's query: everything but unreserved characters (RFC 3986, 2.3) becomes %XX, quotes and brackets included. */
export function urlQueryValue(text: string): string {
  if (LONE_SURROGATE.test(text)) throw refusal('a URL cannot hold half a character', text);
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** A comment of one line for kickstarts, shells and INI files alike. Throws `Malformed` for control characters and line breaks. */
export function comment(text: string): string {
  refuseControl(text, 'a comment');
  return `# ${text}`;
}

function delimiterFor(text: string): string {
  const lines = new Set(text.split('\n'));
  let delimiter = 'KICKSTAND_END';
  for (let number = 2; lines.has(delimiter); number += 1) delimiter = `KICKSTAND_END_${number}`;
  return delimiter;
}

function refuseControl(text: string, what: string): void {
  if (CONTROL.test(text) || LONE_SURROGATE.test(text)) {
    throw refusal(`${what} cannot hold control characters or line breaks`, text);
  }
}

function refusal(what: string, text: string): Malformed {
  return new Malformed(what, JSON.stringify(text.slice(0, 60)));
}
