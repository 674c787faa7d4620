// What a boot client asked over DHCP and was told, in the words of the boot doctor's transcript. Pure.

import type { Ipv4 } from '../address.ts';
import type { Stage, StageMachine } from '../stages.ts';
import type { Outcome, Question } from './exchange.ts';
import type { DhcpRequest } from './types.ts';

const NOWHERE = '0.0.0.0';

/** Who asks, as far as a DHCP message tells. */
export function machineOf({ request }: Question): StageMachine {
  return { mac: request.mac, address: addressOf(request) };
}

/** Where a machine is, or will be a moment later: a REQUEST names the address it takes (RFC 2131 §4.3.2), whoever offered it. */
export function addressOf({ type, packet, requested }: DhcpRequest): Ipv4 | undefined {
  if (packet.ciaddr !== NOWHERE) return packet.ciaddr;
  return type === 'request' ? requested : undefined;
}

/** The stage of a question; undefined where it does not ask for network boot. */
export function askedStage({ request, port }: Question): Stage | undefined {
  const { boot, type, vendorClass = '', userClass = '' } = request;
  if (boot === undefined) return undefined;
  const { firmware, archCode } = boot;
  const asked = type === 'discover' ? 'discover' : 'request';
  return { kind: 'dhcp-asked', type: asked, port, firmware, archCode, vendorClass, userClass };
}

/** The stage of its answer; undefined where another server answers. */
export function answeredStage(
  { request, port }: Question,
  outcome: Outcome,
  mode: 'proxy' | 'server',
): Stage | undefined {
  if (request.boot === undefined || request.type === 'release' || request.type === 'decline') return undefined;
  const stage = { kind: 'dhcp-answered', mode, port } as const;
  if (outcome.kind === 'silence') {
    const isOthers = mode === 'proxy' && port === 67 && request.type !== 'discover';
    if (outcome.foreign !== undefined || isOthers) return undefined;
    return { ...stage, address: undefined, file: undefined, reason: `not answered: ${outcome.reason}` };
  }
  const { grant, boot } = outcome;
  const address = grant?.kind === 'offer' || grant?.kind === 'ack' ? grant.address : undefined;
  if (grant?.kind === 'nak') return { ...stage, address, file: undefined, reason: `refused: ${grant.reason}` };
  if (boot?.kind === 'boot') return { ...stage, address, file: boot.file, reason: '' };
  return { ...stage, address, file: undefined, reason: boot?.reason ?? '' };
}
