// A stranger's text made harmless for logs, terminals and pages. Pure.

/** `text` cut to `most` characters, each that is not printable ASCII as `?`. Cut first: it may be long. */
export function printable(text: string, most: number): string {
  return text.slice(0, most).replaceAll(/[^\x20-\x7e]/g, '?');
}
