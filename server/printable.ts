// A stranger's text made harmless for logs, terminals and pages. Pure.

/** `text` cut to `most` characters, each that is not printable ASCII as `?`. Cut first: it may be long. */
export function printable(text: string, most: number): string {
  return text.slice(0, most).replaceAll(/[^\x20-\x7e]/g, '?');
}

/**
 * `text` as one line in any language: what a terminal would obey (C0, C1, DEL), what would break the line, and what would turn
 * the direction of writing (Unicode Standard Annex #9 §2) becomes a blank.
 */
export function oneLine(text: string): string {
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]+/g, ' ').trim();
}

/** `text` of several lines for a terminal: the same becomes blanks in it, ends of lines and tabs stay. */
export function plainLines(text: string): string {
  return text.replaceAll(
    /\r(?!\n)|[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g,
    ' ',
  );
}

/** `text` with a blank for each character that moves a terminal's cursor, or turns the direction of what follows (Unicode §23.1, UAX #9). */
export function withoutControls(text: string): string {
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, ' ');
}
