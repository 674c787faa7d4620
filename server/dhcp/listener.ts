// The DHCP ports of one interface, 67 and 4011: admits questions within limits, sends their answers, and survives any datagram.

import type { Ipv4, MacAddress } from '../address.ts';
import type { Site } from '../domain.ts';
import type { Log } from '../log.ts';
import { isNo, Malformed, messageOf, no, type No } from '../malformed.ts';
import type { NoteStage } from '../stages.ts';
import { identifyRequest } from './client.ts';
import { type Desk, type DeskCounts, openDesk } from './desk.ts';
import type { ExchangeSetup, Question } from './exchange.ts';
import { DEFAULT_DHCP_LIMITS, type DhcpLimits } from './limits.ts';
import { networkAt, type ServedNetwork, servedNetworks } from './networks.ts';
import { decodePacket } from './packet.ts';
import { AddressProber } from './probe/listener.ts';
import type { Rogue } from './rogues.ts';
import { addressOf } from './stages.ts';
import type { LeaseStore } from './store.ts';
import type { AnswerBoot, Datagram, DhcpPacket, DhcpRequest, NetworkBoot } from './types.ts';
import { type Heard, openUdpPort, type UdpPort } from './udp/listener.ts';
import { OthersWatch } from './watch/listener.ts';
import { findOtherServers } from './wire/listener.ts';
import { describeServer, type OtherServer } from './wire/offers.ts';

export type DhcpSetup = {
  /** Beside another DHCP server, or as the one that gives addresses. */
  readonly service:
    | { readonly kind: 'proxy' }
    | { readonly kind: 'server'; readonly leases: LeaseStore; readonly whenOthersAnswer: 'refuse' | 'serve' };
  readonly interface: DhcpInterface;
  /** Who serves boot files: siaddr and option 66. */
  readonly bootServer: Ipv4;
  /** Asked anew for each question, so that an edit shows at once. */
  readonly site: () => Site;
  readonly answerBoot: AnswerBoot;
  readonly note: NoteStage;
  /** Told of each other server once an hour. */
  readonly onRogue: (rogue: Rogue) => void;
  /** A machine that boots from the network takes `address` of another server: what it fetches next comes from there. */
  readonly onElsewhere: (machine: {
    readonly mac: MacAddress;
    readonly boot: NetworkBoot;
    readonly address: Ipv4;
  }) => void;
  readonly log: Log;
  /** What differs from 67, 4011 and 68; 0: any free port. */
  readonly ports?: Partial<DhcpPorts>;
  /** What differs from `DEFAULT_DHCP_LIMITS`. */
  readonly limits?: Partial<DhcpLimits>;
};

/** The interface that is served; its address is also the server identifier. */
export type DhcpInterface = {
  readonly address: Ipv4;
  readonly mac: MacAddress;
  /** Its subnet's broadcast address, where it is known. */
  readonly broadcast: Ipv4 | undefined;
};

export type DhcpPorts = { readonly server: number; readonly boot: number; readonly client: number };
export type DhcpCounts = DeskCounts & Readonly<Record<'received' | 'malformed' | 'not-ours', number>>;

export type DhcpListener = {
  readonly kind: 'dhcp';
  readonly ports: Pick<DhcpPorts, 'server' | 'boot'>;
  /** How many datagrams came, and what became of them. */
  counts(): DhcpCounts;
  /** How many messages of each type (`discover`, `request` …) clients sent. */
  types(): ReadonlyMap<DhcpRequest['type'], number>;
  /** Ends questions in hand and closes the ports; the leases stay open. */
  close(): Promise<void>;
};

const PORTS: DhcpPorts = { server: 67, boot: 4011, client: 68 };

/**
 * Answers DHCP until `close`. A `No` where it should give addresses and another server on the wire does; rejects where a port
 * cannot be had. As a server it listens for others first, which takes `limits.findMs` where there are none.
 */
export async function startDhcpListener(setup: DhcpSetup): Promise<DhcpListener | No> {
  const room = new DhcpRoom(setup);
  try {
    await room.open();
    const refusal = await room.lookAround();
    if (refusal !== undefined) {
      await room.close();
      return refusal;
    }
  } catch (error) {
    await room.close();
    throw error;
  }
  return {
    kind: 'dhcp',
    ports: room.ports,
    counts: () => room.counts(),
    types: () => room.types,
    close: () => room.close(),
  };
}

/** Holds the ports, the prober and the watch for others. */
class DhcpRoom {
  readonly #setup: DhcpSetup;
  readonly #limits: DhcpLimits;
  readonly #prober: AddressProber;
  readonly #watch: OthersWatch;
  readonly #networks: () => readonly ServedNetwork[];
  readonly #desk: Desk;
  readonly #counts = { received: 0, malformed: 0, 'not-ours': 0 };
  readonly types = new Map<DhcpRequest['type'], number>();
  readonly #replyEars = new Set<(packet: DhcpPacket) => void>();
  #udp: { readonly server: UdpPort; readonly boot: UdpPort } | undefined;
  #state: 'looking' | 'serving' | 'closed' = 'looking';

  constructor(setup: DhcpSetup) {
    const { service, note, log, onRogue } = setup;
    const { address } = setup.interface;
    this.#setup = setup;
    this.#limits = { ...DEFAULT_DHCP_LIMITS, ...setup.limits };
    this.#networks = networksOf(setup);
    const { probeMs, probes, findEveryMs } = this.#limits;
    this.#prober = new AddressProber({ from: address, timeoutMs: probeMs, limit: probes, log });
    const find = (signal: AbortSignal): Promise<readonly OtherServer[]> => this.#findOthers({ signal });
    this.#watch = new OthersWatch({ mode: service.kind, find, everyMs: findEveryMs, onRogue, log });
    this.#desk = openDesk({
      ...{ mode: service.kind, limits: this.#limits, note, log, exchange: this.#exchange() },
      send: (from, datagram) => this.#send(from, datagram),
      onTaken: (server, question) => this.#taken(server, question),
    });
  }

  get ports(): DhcpListener['ports'] {
    const { server, boot } = this.#opened();
    return { server: server.port, boot: boot.port };
  }

  counts(): DhcpCounts {
    return { ...this.#counts, ...this.#desk.counts() };
  }

  async open(): Promise<void> {
    const { address, broadcast } = this.#setup.interface;
    const wanted = { ...PORTS, ...this.#setup.ports };
    const place = { address, broadcast, log: this.#setup.log };
    const server = await openUdpPort({ ...place, port: wanted.server, onHeard: (heard) => this.#heard(67, heard) });
    try {
      const boot = await openUdpPort({ ...place, port: wanted.boot, onHeard: (heard) => this.#heard(4011, heard) });
      this.#udp = { server, boot };
    } catch (error) {
      await server.close();
      throw error;
    }
  }

  /** Serves from here on, unless somebody else does who should not. */
  async lookAround(): Promise<No | undefined> {
    const { service } = this.#setup;
    if (service.kind === 'server') {
      const found = await this.#findOthers();
      const leasing = found.filter((other) => other.offered !== undefined);
      if (leasing.length > 0 && service.whenOthersAnswer === 'refuse') return refusalOf(leasing.map(describeServer));
      for (const other of found) this.#watch.offered(other, Date.now());
    }
    const { address } = this.#setup.interface;
    if (service.kind === 'server' && networkAt(this.#networks(), address) === undefined) {
      this.#setup.log.warn('no network of the site has the address DHCP serves at: only relays are answered', {
        address,
      });
    }
    this.#state = 'serving';
    this.#watch.start(service.kind === 'server' ? this.#limits.findEveryMs : 0);
    return undefined;
  }

  async close(): Promise<void> {
    this.#state = 'closed';
    await this.#watch.close();
    this.#prober.close();
    await this.#desk.settled();
    const udp = this.#udp;
    this.#udp = undefined;
    if (udp !== undefined) await Promise.all([udp.server.close(), udp.boot.close()]);
  }

  #exchange(): ExchangeSetup {
    const { service, bootServer, answerBoot } = this.#setup;
    const self = this.#setup.interface.address;
    const leases = service.kind === 'server' ? service.leases : undefined;
    return {
      ...{ self, bootServer, networks: this.#networks },
      answerBoot: (question) => within(this.#limits.answerMs, answerBoot(question)),
      leases: leases && { ...leases, probe: (question) => this.#prober.probe(question) },
    };
  }

  #opened() {
    if (this.#udp === undefined) throw new Error('the DHCP ports are closed');
    return this.#udp;
  }

  #findOthers(until: { readonly signal?: AbortSignal } = {}): Promise<readonly OtherServer[]> {
    const { log } = this.#setup;
    return findOtherServers({
      ...{ interface: this.#setup.interface, timeoutMs: this.#limits.findMs, log, ...until },
      ports: { server: this.ports.server, client: this.#setup.ports?.client ?? PORTS.client },
      replies: (hear) => {
        this.#replyEars.add(hear);
        return () => this.#replyEars.delete(hear);
      },
    });
  }

  #heard(port: 67 | 4011, { bytes, from, sentTo }: Heard): void {
    this.#counts.received += 1;
    const self = this.#setup.interface.address;
    // A forged source port 0 cannot be answered; and what this machine broadcasts comes back to it.
    if (from.port === 0 || from.address === self) return;
    const request = this.#read(bytes, from.address);
    // Nor is this machine a relay to itself: such an answer would come back here.
    if (request === undefined || this.#state !== 'serving' || request.packet.giaddr === self) return;
    const sender = { address: from.address, port: from.port };
    this.#desk.take({ request, port, from: sender, sentTo, now: Date.now() });
  }

  #read(bytes: Uint8Array, address: string): DhcpRequest | undefined {
    try {
      const packet = decodePacket(bytes);
      if (packet.op === 'reply') for (const hear of this.#replyEars) hear(packet);
      const request = identifyRequest(packet);
      if (!isNo(request)) {
        this.types.set(request.type, (this.types.get(request.type) ?? 0) + 1);
        return request;
      }
      this.#counts['not-ours'] += 1;
      this.#setup.log.debug('dhcp message ignored', { address, reason: request.reason });
    } catch (error) {
      this.#counts.malformed += 1;
      const level = error instanceof Malformed ? 'debug' : 'error';
      this.#setup.log[level]('dhcp datagram malformed', { address, reason: messageOf(error) });
    }
    return undefined;
  }

  #taken(server: Ipv4, { request, now }: Question): void {
    const { mac, boot } = request;
    this.#watch.taken(server, mac, now);
    const address = addressOf(request);
    if (boot !== undefined && address !== undefined) this.#setup.onElsewhere({ mac, boot, address });
  }

  #send(from: 67 | 4011, { bytes, address, port }: Datagram): void {
    const { server, boot } = this.#opened();
    const { client = PORTS.client } = this.#setup.ports ?? {};
    const meant = new Map([
      [PORTS.client, client],
      [PORTS.server, server.port],
    ]);
    const sender = from === 67 ? server : boot;
    sender.send(bytes, { address, port: meant.get(port) ?? port });
  }
}

/** The networks of the site as it stands, worked out again only when it is another. */
function networksOf({ site, interface: { address } }: DhcpSetup): () => readonly ServedNetwork[] {
  let known: { readonly site: Site; readonly networks: readonly ServedNetwork[] } | undefined;
  return () => {
    const now = site();
    if (known?.site !== now) known = { site: now, networks: servedNetworks(now, address) };
    return known.networks;
  };
}

function refusalOf(others: readonly string[]): No {
  const are = others.length === 1 ? 'another DHCP server answers' : 'other DHCP servers answer';
  return no(
    `${are} on this wire: ${others.join(', ')}`,
    'serve as --dhcp proxy beside it, switch it off, or insist with --dhcp-force',
  );
}

async function within<Value>(ms: number, promise: Promise<Value>): Promise<Value> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`no answer within ${ms} ms`)), ms);
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
