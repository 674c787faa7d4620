// Reads and writes DHCP's option areas: code, length, value, and long values in parts; knows the codes, not what a value means.

import { readBytes } from '../bytes.ts';

/** The options this server reads or writes (RFC 2132 unless said otherwise). */
export const OPTION = {
  pad: 0,
  subnetMask: 1,
  routers: 3,
  nameServers: 6,
  hostName: 12,
  domainName: 15,
  broadcastAddress: 28,
  timeServers: 42,
  vendorInformation: 43,
  requestedAddress: 50,
  leaseTime: 51,
  overload: 52,
  messageType: 53,
  serverIdentifier: 54,
  parameterRequestList: 55,
  message: 56,
  maximumMessageSize: 57,
  renewalTime: 58,
  rebindingTime: 59,
  vendorClass: 60,
  clientIdentifier: 61,
  tftpServerName: 66,
  bootFileName: 67,
  userClass: 77, // RFC 3004
  clientFqdn: 81, // RFC 4702
  relayAgentInformation: 82, // RFC 3046
  clientArchitecture: 93, // RFC 4578 §2.1
  clientMachineIdentifier: 97, // RFC 4578 §2.3
  ipxe: 175, // iPXE's own, sub-options within (once Etherboot's: RFC 3679 §3)
  end: 255,
} as const;

/** One code-length-value as it stands in an area: the whole option, or a part of a long one. */
export type OptionPart = { readonly code: number; readonly bytes: Uint8Array };

const PART_LIMIT = 255; // one byte tells the length

//   0      1        2        2+n
//  +------+--------+----~---+- -        PAD (0) and END (255) are single bytes; END is the last that counts.
//  | code | length | value  | …
//  +------+--------+----~---+- -
/**
 * The parts in `area`, in its order. `area` names it in errors. A missing END is let pass, as many servers do; throws `Malformed`
 * where a value is longer than what is left.
 */
export function decodeParts(bytes: Uint8Array, area: string): readonly OptionPart[] {
  const reader = readBytes(bytes);
  const parts: OptionPart[] = [];
  while (reader.remaining() > 0) {
    const code = reader.u8(area);
    if (code === OPTION.end) break;
    if (code === OPTION.pad) continue;
    const length = reader.u8(`option ${code} of ${area}`);
    parts.push({ code, bytes: reader.bytes(length, `option ${code} of ${area}`) });
  }
  return parts;
}

/** By code, the parts of one option joined (RFC 3396), in the order of their first part. The values are copies. */
export function joinParts(parts: readonly OptionPart[]): Map<number, Uint8Array> {
  const collected = new Map<number, Uint8Array[]>();
  for (const { code, bytes } of parts) {
    const earlier = collected.get(code);
    if (earlier === undefined) collected.set(code, [bytes]);
    else earlier.push(bytes);
  }
  return new Map([...collected].map(([code, list]) => [code, joined(list)]));
}

/** An option on the wire: in parts of at most 255 bytes, one behind the other (RFC 3396). An empty value is one empty part. */
export function encodeOption(code: number, value: Uint8Array): Uint8Array {
  const pieces = [Uint8Array.of(code, Math.min(value.byteLength, PART_LIMIT)), value.subarray(0, PART_LIMIT)];
  for (let at = PART_LIMIT; at < value.byteLength; at += PART_LIMIT) {
    const part = value.subarray(at, at + PART_LIMIT);
    pieces.push(Uint8Array.of(code, part.byteLength), part);
  }
  return joined(pieces);
}

/** `pieces` one behind the other, in a buffer of their own. */
export function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.byteLength, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.byteLength;
  }
  return whole;
}
