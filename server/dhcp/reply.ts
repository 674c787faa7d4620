// Plans the one datagram that answers a client's message, or says why there is none; the only place that composes replies; pure.

import type { Ipv4 } from '../address.ts';
import { isNo, no, type No } from '../malformed.ts';
import { bootFieldsOf, NO_BOOT, type BootChannel, type BootFields } from './boot-options.ts';
import { destinationOf } from './destination.ts';
import { furtherOptions, neededOptions } from './lease-options.ts';
import { OPTION } from './options.ts';
import { encodePacket, SMALLEST_LIMIT_BYTES } from './packet.ts';
import type { Datagram, DhcpAnswer, DhcpMessageType, DhcpPacket, DhcpRequest, Grant } from './types.ts';
import { addressBytes, readNumber16, textBytes } from './values.ts';

type Option = readonly [number, Uint8Array];
type ReplyType = Extract<DhcpMessageType, 'offer' | 'ack' | 'nak'>;

/** What one kind of reply says; the rest follows from the request (RFC 2131 §4.3.1, table 3). Options in the order of need. */
type Draft = {
  readonly type: ReplyType;
  readonly yiaddr: Ipv4;
  readonly boot: BootFields;
  readonly needed: readonly Option[];
  readonly further: readonly Option[];
};

const UNSET = '0.0.0.0' as Ipv4;
const TYPE_CODE: Readonly<Record<ReplyType, number>> = { offer: 2, ack: 5, nak: 6 }; // RFC 2132 §9.6
/** The headers of IP and UDP, which option 57 counts. */
const IP_UDP_BYTES = 28;
/** One Ethernet frame: EDK2 claims 65280 bytes in its REQUEST, and has room for 1472. */
const LARGEST_LIMIT_BYTES = 1500 - IP_UDP_BYTES;
const MESSAGE_LIMIT = 255;

/**
 * The reply to `request` and where it goes. `answer.grant` undefined on port 67 is proxy mode: only DISCOVERs that ask for network boot
 * are answered, and only where there is something to boot; the DHCP server whose offer is taken answers the REQUEST. On port 4011 the
 * boot file alone is asked for. A `No` tells why there is no reply.
 */
export function planReply(request: DhcpRequest, answer: DhcpAnswer): Datagram | No {
  const draft = draftOf(request, answer);
  if (isNo(draft)) return draft;
  const packet = packetOf(request, answer, draft);
  return { bytes: encodePacket(packet, limitOf(request)), ...destinationOf(request.packet, answer) };
}

function draftOf(request: DhcpRequest, answer: DhcpAnswer): Draft | No {
  if (request.type === 'release' || request.type === 'decline') return no(`a ${request.type} is not answered`);
  if (answer.port === 4011) return bootServerDraft(request, answer);
  if (answer.grant === undefined) return proxyDraft(request, answer);
  return answer.grant.kind === 'nak' ? nakDraft(answer.grant) : leaseDraft(request, answer, answer.grant);
}

function proxyDraft(request: DhcpRequest, answer: DhcpAnswer): Draft | No {
  if (request.type !== 'discover') return no('the DHCP server that gives the address answers this');
  const boot = bootOf(request, answer, 'proxy');
  return isNo(boot) ? boot : { type: 'offer', yiaddr: UNSET, boot, needed: [], further: [] };
}

/** RFC 2131's REQUEST, sent to the boot server that an offer named (PXE 2.1); some ROMs and scripts send other types there. */
function bootServerDraft(request: DhcpRequest, answer: DhcpAnswer): Draft | No {
  if (request.server !== undefined && request.server !== answer.self)
    return no(`it asks boot server ${request.server}`);
  const boot = bootOf(request, answer, 'boot-server');
  if (isNo(boot)) return boot;
  return { type: request.type === 'discover' ? 'offer' : 'ack', yiaddr: UNSET, boot, needed: [], further: [] };
}

/** A lease goes out also where there is nothing to boot: the firmware then finds no boot file, and boots the machine's own disk. */
function leaseDraft(request: DhcpRequest, answer: DhcpAnswer, grant: Exclude<Grant, { readonly kind: 'nak' }>): Draft {
  const boot = bootOf(request, answer, 'lease');
  return {
    type: grant.kind === 'offer' ? 'offer' : 'ack',
    yiaddr: grant.kind === 'inform' ? UNSET : grant.address,
    boot: isNo(boot) ? NO_BOOT : boot,
    needed: neededOptions(request, grant),
    further: furtherOptions(request, grant),
  };
}

function nakDraft(grant: Extract<Grant, { readonly kind: 'nak' }>): Draft {
  const message = textBytes(grant.reason.slice(0, MESSAGE_LIMIT));
  return { type: 'nak', yiaddr: UNSET, boot: NO_BOOT, needed: [[OPTION.message, message]], further: [] };
}

function bootOf(request: DhcpRequest, answer: DhcpAnswer, channel: BootChannel): BootFields | No {
  if (request.boot === undefined || answer.boot === undefined) return no('it does not ask for network boot');
  if (answer.boot.kind === 'none') return no(answer.boot.reason);
  return bootFieldsOf(request, { firmware: request.boot.firmware, file: answer.boot.file, answer }, channel);
}

function packetOf(request: DhcpRequest, answer: DhcpAnswer, draft: Draft): DhcpPacket {
  const asked = request.packet;
  const { siaddr, sname, file } = draft.boot;
  return {
    ...{ op: 'reply', htype: asked.htype, hlen: asked.hlen, hops: 0, xid: asked.xid, secs: 0 },
    // RFC 2131 §4.3.2: a relay must broadcast a NAK, for the client may have no address in its subnet.
    broadcast: asked.broadcast || (draft.type === 'nak' && asked.giaddr !== UNSET),
    ciaddr: draft.type === 'ack' ? asked.ciaddr : UNSET,
    ...{ yiaddr: draft.yiaddr, siaddr, giaddr: asked.giaddr, chaddr: asked.chaddr, sname, file },
    options: new Map<number, Uint8Array>([
      [OPTION.messageType, Uint8Array.of(TYPE_CODE[draft.type])],
      [OPTION.serverIdentifier, addressBytes(answer.self)],
      ...echo(asked, [OPTION.relayAgentInformation]), // RFC 3046 §2.2: without it the relay may drop the reply
      ...draft.needed,
      ...draft.boot.options,
      ...echo(asked, [OPTION.clientIdentifier]), // RFC 6842 §3, a NAK's included
      ...(draft.type === 'nak' ? [] : echo(asked, [OPTION.clientMachineIdentifier])), // PXE 2.1
      ...draft.further,
    ]),
  };
}

/** Options that go back as they came, where they came. */
function echo(asked: DhcpPacket, codes: readonly number[]): readonly Option[] {
  return codes.flatMap((code): Option[] => {
    const value = asked.options.get(code);
    return value === undefined ? [] : [[code, value]];
  });
}

/** How long the reply may be, in bytes of UDP payload: as the client says in option 57 (RFC 2132 §9.10), within reason. */
function limitOf(request: DhcpRequest): number {
  const said = readNumber16(request.packet.options, OPTION.maximumMessageSize) ?? 0;
  return Math.min(Math.max(said - IP_UDP_BYTES, SMALLEST_LIMIT_BYTES), LARGEST_LIMIT_BYTES);
}
