// The options of a lease: what its holder is told about the network, and in which order of need (RFC 2131 §4.3.1, 2132); pure.

import { broadcastOf, netmaskOf } from '../address.ts';
import { fqdnAnswer } from './fqdn.ts';
import { OPTION } from './options.ts';
import type { DhcpRequest, Grant, LeaseNetwork } from './types.ts';
import { addressBytes, secondsBytes, textBytes } from './values.ts';

type Option = readonly [number, Uint8Array];
type Granted = Exclude<Grant, { readonly kind: 'nak' }>;

/** Told to everybody: without them a machine has no network; Debian's installer stops and asks where 6 is missing. */
const ESSENTIAL: readonly number[] = [OPTION.subnetMask, OPTION.routers, OPTION.nameServers];
/** Told to who asks for them, or who does not say what it wants. */
const ON_REQUEST: readonly number[] = [OPTION.hostName, OPTION.domainName, OPTION.broadcastAddress, OPTION.timeServers];

/**
 * What no holder of a lease can do without, the most needed first. An INFORM's answer tells no time (RFC 2131 §4.3.5). UEFI
 * HTTP boot is told no name server: EDK2 would write it into the device path of what it starts, and GRUB up to 2.06, which
 * cannot read such a path, then has no network (tried). Our URLs hold addresses; the installer asks again, for itself.
 */
export function neededOptions(request: DhcpRequest, grant: Granted): readonly Option[] {
  const time: readonly Option[] =
    grant.kind === 'inform' ? [] : [[OPTION.leaseTime, secondsBytes(grant.network.leaseSeconds)]];
  const isHttpBoot = request.boot?.firmware.transport === 'http';
  const told = ESSENTIAL.filter((code) => !isHttpBoot || code !== OPTION.nameServers);
  return [...time, ...among(valuesOf(grant.network), told)];
}

/** The rest, the most needed first: what the client asks for, in its order; then the times that it can reckon itself. */
export function furtherOptions(request: DhcpRequest, grant: Granted): readonly Option[] {
  const wanted = request.wants.length === 0 ? ON_REQUEST : request.wants.filter((code) => ON_REQUEST.includes(code));
  return [...among(valuesOf(grant.network), wanted), ...fqdnOption(request, grant.network), ...renewalTimes(grant)];
}

/** RFC 2131 §4.4.5's half and seven eighths, said aloud. */
function renewalTimes(grant: Granted): readonly Option[] {
  if (grant.kind === 'inform') return [];
  const { leaseSeconds } = grant.network;
  return [
    [OPTION.renewalTime, secondsBytes(leaseSeconds / 2)],
    [OPTION.rebindingTime, secondsBytes((leaseSeconds * 7) / 8)],
  ];
}

function among(values: ReadonlyMap<number, Uint8Array>, codes: readonly number[]): readonly Option[] {
  return codes.flatMap((code): Option[] => {
    const value = values.get(code);
    return value === undefined ? [] : [[code, value]];
  });
}

/** An option that would be empty is none. */
function valuesOf(network: LeaseNetwork): ReadonlyMap<number, Uint8Array> {
  const { subnet, gateway, dns, ntp, domain, hostname } = network;
  const values: readonly Option[] = [
    [OPTION.subnetMask, addressBytes(netmaskOf(subnet))],
    [OPTION.routers, addressBytes(...(gateway === undefined ? [] : [gateway]))],
    [OPTION.nameServers, addressBytes(...dns)],
    [OPTION.hostName, textBytes(hostname ?? '')],
    [OPTION.domainName, textBytes(domain)],
    [OPTION.broadcastAddress, addressBytes(broadcastOf(subnet))],
    [OPTION.timeServers, addressBytes(...ntp)],
  ];
  return new Map(values.filter(([, value]) => value.byteLength > 0));
}

/** Only to a client that sent one, and whose name we know (RFC 4702 §4). */
function fqdnOption(request: DhcpRequest, { hostname, domain }: LeaseNetwork): readonly Option[] {
  const asked = request.packet.options.get(OPTION.clientFqdn);
  if (asked === undefined || hostname === undefined) return [];
  return [[OPTION.clientFqdn, fqdnAnswer(asked, domain === '' ? hostname : `${hostname}.${domain}`)]];
}
