// Metadata with a document type in its head, which the strict reader refuses: the same without it, where it declares nothing itself. Pure.

/** A prolog is short; what is longer is none. */
const LIMIT_HEAD = 64 * 1024;
/** Only with an external name: one with declarations of its own (`[`) could give names another meaning. */
const DOCTYPE = /<!DOCTYPE\s[^[<>]{0,2000}>/i;

/** `text` without its document type, in its head alone; undefined where it has none that can be passed over. */
export function withoutDoctype(text: string): string | undefined {
  const head = text.slice(0, LIMIT_HEAD);
  const found = DOCTYPE.exec(head);
  if (found === null || /<[A-Za-z]/.test(head.slice(0, found.index))) return undefined;
  return text.slice(0, found.index) + text.slice(found.index + found[0].length);
}

/** The same for a stream. `onPassed` hears of one that was passed over. */
export async function* passDoctype(
  chunks: AsyncIterable<Uint8Array>,
  onPassed: () => void,
): AsyncGenerator<Uint8Array> {
  let head: Buffer | undefined = Buffer.alloc(0);
  for await (const chunk of chunks) {
    if (head === undefined) {
      yield chunk;
      continue;
    }
    head = Buffer.concat([head, chunk]);
    if (head.length < LIMIT_HEAD) continue;
    yield strip(head, onPassed);
    head = undefined;
  }
  if (head !== undefined) yield strip(head, onPassed);
}

/** Byte for byte but for the document type: latin1 keeps every byte as it is. */
function strip(head: Buffer, onPassed: () => void): Uint8Array {
  const stripped = withoutDoctype(head.toString('latin1'));
  if (stripped === undefined) return head;
  onPassed();
  return Buffer.from(stripped, 'latin1');
}
