// Reads and answers the client FQDN option (81, RFC 4702): the name a client would have, and the one it is given; pure.

import { printable, textBytes } from './values.ts';

const HEADER_BYTES = 3; // flags and two result codes
const FLAG = { serverUpdates: 0x01, overridden: 0x02, wireFormat: 0x04, noUpdates: 0x08 } as const; // §2.1: S, O, E, N
const OBSOLETE_RESULT = 255; // §2.2
const LABEL_LIMIT = 63; // RFC 1035 §2.3.4

/** The first label of the name in `bytes`, made harmless; `undefined` where there is none. */
export function hostOfFqdn(bytes: Uint8Array): string | undefined {
  const [flags = 0] = bytes;
  const name = bytes.subarray(HEADER_BYTES);
  // E clear: plain text, which RFC 4702 §2.3.1 deprecates and Windows and udhcpc send.
  if ((flags & FLAG.wireFormat) === 0) return printable(name)?.split('.')[0] || undefined;
  const [length = 0] = name;
  return length > LABEL_LIMIT ? undefined : printable(name.subarray(1, 1 + length));
}

/**
 * The answer to option 81 of value `asked`: the client's name is `fqdn`, in the format it used, and this server makes no DNS updates
 * (N), which overrides (O) a client that wanted it to (S): §4.
 */
export function fqdnAnswer(asked: Uint8Array, fqdn: string): Uint8Array {
  const [flags = 0] = asked;
  const isOverridden = (flags & FLAG.serverUpdates) !== 0;
  const format = flags & FLAG.wireFormat;
  const head = [FLAG.noUpdates | format | (isOverridden ? FLAG.overridden : 0), OBSOLETE_RESULT, OBSOLETE_RESULT];
  return Uint8Array.from([...head, ...(format === 0 ? textBytes(fqdn) : labels(fqdn))]);
}

/** RFC 1035 §3.1: each label behind its length, and the root's at the end. */
function labels(fqdn: string): readonly number[] {
  const parts = fqdn.split('.').filter((label) => label !== '');
  return [...parts.flatMap((label) => [label.length, ...textBytes(label)]), 0];
}
