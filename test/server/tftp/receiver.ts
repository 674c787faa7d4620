// A reading TFTP client as a pure machine, written from the RFCs and not from the server: packets in, answers and bytes out.

import type { Packet, TftpOption } from '../../../server/tftp/packet.ts';

export type Asked = { readonly name: string; readonly options?: Readonly<Record<string, string | number>> };

/** Mutable on purpose: a test drives one to its end. */
export type Receiver = {
  /** What to send first, and again as long as nothing has come. */
  readonly request: Packet;
  /** Takes a packet; answers what to send, if anything. */
  receive(packet: Packet): Packet | undefined;
  /** What to send again after silence; undefined when the file is complete. */
  silence(): Packet | undefined;
  readonly parts: Uint8Array[];
  readonly state: { done: boolean; failure: string | undefined; oack: readonly TftpOption[] | undefined };
};

/** A client that asks for a file with these options and keeps to what is granted (RFC 7440 windows included). */
export function createReceiver({ name, options = {} }: Asked): Receiver {
  const asked = Object.entries(options).map(([name, value]) => ({ name, value: String(value) }));
  const request: Packet = { kind: 'rrq', name, mode: 'octet', options: asked };
  const state: Receiver['state'] = { done: false, failure: undefined, oack: undefined };
  const parts: Uint8Array[] = [];
  const terms = { blksize: 512, windowsize: 1, rollover: 0 };
  let have = 0;
  let sinceAck = 0;
  let gapTold = false;
  let last: Packet | undefined = request;

  const number = (block: number): number =>
    terms.rollover === 0 || block === 0 ? block % 65536 : ((block - 1) % 65535) + 1;
  const ack = (): Packet => {
    sinceAck = 0;
    last = { kind: 'ack', block: number(have) };
    return last;
  };
  const takeOack = (granted: readonly TftpOption[]): Packet | undefined => {
    if (have > 0) return undefined;
    state.oack = granted;
    for (const { name, value } of granted) {
      if (name === 'blksize' || name === 'windowsize' || name === 'rollover') terms[name] = Number(value);
    }
    return ack();
  };
  /** RFC 7440 §4: our ACK was lost, so the window came again: say it again. A gap: say it once. Else an old copy. */
  const takeOther = (block: number): Packet | undefined => {
    if (have === 0) return undefined;
    const windowAgain = block === number(have) && sinceAck === 0;
    const behind = (number(have) - block + 65536) % 65536 < 32768;
    if (windowAgain) return ack();
    if (behind || gapTold) return undefined;
    gapTold = true;
    return ack();
  };
  const takeData = (block: number, bytes: Uint8Array): Packet | undefined => {
    if (state.done) return ack();
    if (block !== number(have + 1)) return takeOther(block);
    gapTold = false;
    have += 1;
    sinceAck += 1;
    parts.push(bytes);
    state.done = bytes.byteLength < terms.blksize;
    return state.done || sinceAck === terms.windowsize ? ack() : undefined;
  };

  const receive = (packet: Packet): Packet | undefined => {
    if (packet.kind === 'oack') return takeOack(packet.options);
    if (packet.kind === 'data') return takeData(packet.block, packet.bytes);
    if (packet.kind === 'error') state.failure = `ERROR ${packet.code} ${packet.message}`;
    return undefined;
  };
  const silence = (): Packet | undefined => {
    if (state.done) return undefined;
    gapTold = false;
    return have === 0 ? last : ack();
  };
  return { request, receive, silence, parts, state };
}
