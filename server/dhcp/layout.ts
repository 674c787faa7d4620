// Chooses which of a message's three areas each option is written to, and what is left out where the client's limit is too low; pure.

import { encodeOption, joined, OPTION } from './options.ts';

/** Bytes that options may take: behind the magic cookie, and in the two header fields where those hold no text. */
export type Room = { readonly options: number; readonly file: number; readonly sname: number };

/** The areas as on the wire, each with its END. `undefined`: the field carries no options. */
export type Layout = {
  readonly options: Uint8Array;
  readonly file: Uint8Array | undefined;
  readonly sname: Uint8Array | undefined;
};

type Encoded = { readonly code: number; readonly bytes: Uint8Array };
type Area = { free: number; readonly content: Encoded[] };

/** Framing of the message itself, written by this file and the codec alone. */
const FRAMING: ReadonlySet<number> = new Set([OPTION.pad, OPTION.overload, OPTION.end]);
const END_BYTES = 1;
const OVERLOAD_BYTES = 3;
/** RFC 2132 §9.3: which fields hold options. */
const OVERLOAD = { file: 1, sname: 2 };

/**
 * Lays `options` out, the map's order being the order of need; 53 and 54 come before all (some ROMs look no further). Where they
 * exceed the first area, the free header fields take what they can (option overload, RFC 2131 §4.1), and what fits nowhere is left
 * out: an option is never cut.
 */
export function layOut(options: ReadonlyMap<number, Uint8Array>, room: Room): Layout {
  const wanted = inOrderOfNeed(options);
  const main: Area = { free: room.options - END_BYTES, content: [] };
  const file: Area = { free: room.file - END_BYTES, content: [] };
  const sname: Area = { free: room.sname - END_BYTES, content: [] };
  const isCrowded = wanted.reduce((sum, { bytes }) => sum + bytes.byteLength, 0) > main.free;
  if (isCrowded && (file.free > 0 || sname.free > 0)) main.free -= OVERLOAD_BYTES;
  for (const option of wanted) {
    const area = [main, file, sname].find(({ free }) => option.bytes.byteLength <= free);
    if (area === undefined) continue;
    area.free -= option.bytes.byteLength;
    area.content.push(option);
  }
  return {
    options: written([...main.content, ...overloadOf(file, sname)]),
    file: file.content.length === 0 ? undefined : written(file.content),
    sname: sname.content.length === 0 ? undefined : written(sname.content),
  };
}

function inOrderOfNeed(options: ReadonlyMap<number, Uint8Array>): readonly Encoded[] {
  const first = [OPTION.messageType, OPTION.serverIdentifier].filter((code) => options.has(code));
  const codes = new Set<number>([...first, ...options.keys()]);
  return [...codes]
    .filter((code) => !FRAMING.has(code))
    .map((code) => ({ code, bytes: encodeOption(code, options.get(code) ?? new Uint8Array()) }));
}

function overloadOf(file: Area, sname: Area): readonly Encoded[] {
  const fields = (file.content.length === 0 ? 0 : OVERLOAD.file) + (sname.content.length === 0 ? 0 : OVERLOAD.sname);
  return fields === 0 ? [] : [{ code: OPTION.overload, bytes: Uint8Array.of(OPTION.overload, 1, fields) }];
}

/** A relay takes its own option off the end (RFC 3046 §2.1): it is the last one before END. */
function written(content: readonly Encoded[]): Uint8Array {
  const isRelays = ({ code }: Encoded): boolean => code === OPTION.relayAgentInformation;
  const ordered = [...content.filter((option) => !isRelays(option)), ...content.filter(isRelays)];
  return joined([...ordered.map(({ bytes }) => bytes), Uint8Array.of(OPTION.end)]);
}
