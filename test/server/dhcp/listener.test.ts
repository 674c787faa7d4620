// The DHCP ports on loopback, asked as relays and clients ask: who is answered, what floods and faults cost, and what is noted.

import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { fromNumber, parseIpv4, parseMac } from '../../../server/address.ts';
import type { Site } from '../../../server/domain.ts';
import type { DhcpLimits } from '../../../server/dhcp/limits.ts';
import { type DhcpListener, type DhcpSetup, startDhcpListener } from '../../../server/dhcp/listener.ts';
import { decodePacket, encodePacket } from '../../../server/dhcp/packet.ts';
import type { Rogue } from '../../../server/dhcp/rogues.ts';
import { type LeaseStore, openLeaseStore } from '../../../server/dhcp/store.ts';
import type { DhcpPacket } from '../../../server/dhcp/types.ts';
import { type Log, quietLog } from '../../../server/log.ts';
import { isNo } from '../../../server/malformed.ts';
import type { Stage } from '../../../server/stages.ts';
import { ADA, CARD1, cs40, EVE, network, siteOf } from './lease-cases.ts';

const SELF = parseIpv4('127.0.0.1');
const RELAY = '127.0.9.1';
const NEAR = network('near', '127.0.0.0/24', '127.0.0.100-127.0.0.119');
const FAR = network('lab', '127.0.9.0/24', '127.0.9.100-127.0.9.119');
const SITE = siteOf([NEAR, FAR], [cs40('127.0.9.10', [CARD1])]);

type Words = {
  readonly type?: number;
  readonly mac?: string;
  readonly giaddr?: string;
  readonly ciaddr?: string;
  readonly op?: 'request' | 'reply';
  readonly options?: readonly (readonly [number, readonly number[]])[];
};
const BOOTS: NonNullable<Words['options']> = [
  [60, [...Buffer.from('PXEClient:Arch:00000:UNDI:002001')]],
  [93, [0, 0]],
  [94, [1, 2, 1]],
];
const quad = (address: string): readonly number[] => address.split('.').map(Number);

function datagram(words: Words = {}): Uint8Array {
  const nowhere = fromNumber(0);
  const mac = words.mac ?? ADA;
  return encodePacket({
    ...{ op: words.op ?? 'request', htype: 1, hlen: 6, hops: 0, xid: 7, secs: 0, broadcast: true },
    ...{ ciaddr: words.ciaddr === undefined ? nowhere : parseIpv4(words.ciaddr), yiaddr: nowhere, siaddr: nowhere },
    ...{ giaddr: parseIpv4(words.giaddr ?? RELAY), sname: '', file: '' },
    chaddr: Uint8Array.from(mac.split(':'), (part) => Number.parseInt(part, 16)),
    options: new Map([
      [53, Uint8Array.of(words.type ?? 1)],
      ...(words.options ?? []).map(([code, bytes]) => [code, Uint8Array.from(bytes)] as const),
    ]),
  });
}

/** A machine of the test on loopback: what it sends, and the replies it hears. */
class Peer {
  readonly #socket: Socket;
  readonly #heard: DhcpPacket[] = [];
  #wake: (() => void) | undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('message', (bytes) => {
      this.#heard.push(decodePacket(bytes));
      this.#wake?.();
    });
  }

  send(bytes: Uint8Array, port: number, address: string = SELF): Promise<void> {
    return new Promise((resolve, reject) =>
      this.#socket.send(bytes, port, address, (error) => (error === null ? resolve() : reject(error))),
    );
  }

  /** The next reply, as `TYPE ADDRESS`; vitest's time limit ends a wait in vain. */
  async hears(): Promise<string> {
    while (this.#heard.length === 0) await new Promise<void>((resolve) => (this.#wake = resolve));
    const packet = this.#heard.shift();
    if (packet === undefined) throw new Error('nothing was heard');
    return `${['', 'discover', 'offer', 'request', 'decline', 'ack', 'nak'][packet.options.get(53)?.[0] ?? 0]} ${packet.yiaddr} ${packet.file}`.trim();
  }

  close(): void {
    this.#socket.close();
  }
}

let directory: string;
let store: LeaseStore;
let closers: (() => Promise<void> | void)[];
let stages: Stage[];
let rogues: Rogue[];
let elsewhere: string[];
let lines: string[];
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'kickstand-dhcp-'));
  store = await openLeaseStore(join(directory, 'leases.db'), quietLog);
  [closers, stages, rogues, elsewhere, lines] = [[], [], [], [], []];
});
afterEach(async () => {
  for (const close of closers.toReversed()) await close();
  await store.close();
  rmSync(directory, { recursive: true });
});

async function bound(address: string, port: number): Promise<Socket> {
  const socket = createSocket('udp4');
  socket.bind({ address, port });
  await once(socket, 'listening');
  return socket;
}

async function peer(address: string, port: number): Promise<Peer> {
  const made = new Peer(await bound(address, port));
  closers.push(() => made.close());
  return made;
}

/** A port that nobody has for now. */
async function freePort(): Promise<number> {
  const socket = await bound('127.0.0.1', 0);
  const { port } = socket.address();
  socket.close();
  await once(socket, 'close');
  return port;
}

type Change = Partial<Omit<DhcpSetup, 'limits' | 'service'>> & {
  readonly mode?: 'proxy' | 'server';
  readonly leases?: LeaseStore;
  readonly limits?: Partial<DhcpLimits>;
};

async function listen({ mode = 'server', leases = store, limits, ...change }: Change = {}): Promise<DhcpListener> {
  const keep = (message: string, fields: object = {}): void => void lines.push(`${message} ${JSON.stringify(fields)}`);
  const log: Log = { ...quietLog, warn: keep, error: keep };
  const listener = await startDhcpListener({
    service: mode === 'proxy' ? { kind: 'proxy' } : { kind: 'server', leases, whenOthersAnswer: 'refuse' },
    interface: { address: SELF, mac: parseMac('02:00:00:00:00:99'), broadcast: undefined },
    ...{ bootServer: SELF, site: () => SITE, log },
    answerBoot: async () => ({ kind: 'boot', file: 'pxelinux.0' }),
    note: (_machine, stage) => void stages.push(stage),
    onRogue: (rogue) => void rogues.push(rogue),
    onElsewhere: ({ mac, boot, address }) => void elsewhere.push(`${mac} ${boot.archCode} ${address}`),
    ports: { server: 0, boot: 0, client: await freePort() },
    ...change,
    limits: { findMs: 20, probeMs: 50, ...limits },
  });
  if (isNo(listener)) throw new Error(listener.reason);
  closers.push(() => listener.close());
  return listener;
}

const selecting = (address: string, server: string = SELF): NonNullable<Words['options']> => [
  [50, quad(address)],
  [54, quad(server)],
];

describe('a server', () => {
  test('leases through a relay, and has the lease on disk when the ACK is heard', async () => {
    const { ports } = await listen();
    const relay = await peer(RELAY, ports.server);
    await relay.send(datagram(), ports.server);
    const [, address = ''] = (await relay.hears()).split(' ');
    expect(address).toMatch(/^127\.0\.9\.1[01]\d$/);
    await relay.send(datagram({ type: 3, options: selecting(address) }), ports.server);
    expect(await relay.hears()).toBe(`ack ${address}`);
    const reader = await openLeaseStore(join(directory, 'leases.db'), quietLog);
    expect([...reader.book.all()]).toMatchObject([{ address, mac: ADA, state: 'bound' }]);
    await reader.close();
  });

  test('says nothing of a lease before it is on disk, nor of one that cannot be written', async () => {
    const disk = { works: Promise.withResolvers<void>(), asked: 0, full: false };
    const save: LeaseStore['save'] = async (changes) => {
      if (!changes.some(({ state }) => state === 'bound')) return;
      disk.asked += 1;
      if (disk.full) throw new Error('no space left');
      await disk.works.promise;
    };
    const listener = await listen({ leases: { ...store, save } });
    const { server } = listener.ports;
    const relay = await peer(RELAY, server);
    const asks = datagram({ type: 3, mac: CARD1, options: selecting('127.0.9.10') });
    await relay.send(asks, server);
    await expect.poll(() => disk.asked).toBe(1);
    await relay.send(datagram({ mac: CARD1 }), server);
    expect(await relay.hears()).toBe('offer 127.0.9.10');
    disk.works.resolve();
    expect(await relay.hears()).toBe('ack 127.0.9.10');
    disk.full = true;
    await relay.send(asks, server);
    await expect.poll(() => listener.counts().failed).toBe(1);
    expect(listener.counts().answered).toBe(2);
  });

  test('shows an edit of the site in the next answer', async () => {
    let site: Site = SITE;
    const { ports } = await listen({ site: () => site });
    const relay = await peer(RELAY, ports.server);
    await relay.send(datagram({ mac: CARD1 }), ports.server);
    expect(await relay.hears()).toBe('offer 127.0.9.10');
    site = siteOf([NEAR, FAR], [cs40('127.0.9.11', [CARD1])]);
    await relay.send(datagram({ mac: CARD1 }), ports.server);
    expect(await relay.hears()).toBe('offer 127.0.9.11');
  });

  test('answers a broadcast by broadcast, and offers no address that a machine answers at', async () => {
    const client = await freePort();
    const near = network('near', '127.0.0.0/24', '127.0.0.2-127.0.0.3');
    const { ports } = await listen({ site: () => siteOf([near], []), ports: { server: 0, boot: 0, client } });
    const asker = await peer('127.0.0.5', 0);
    await peer('255.255.255.255', client);
    // Every address of 127/8 is this machine's own: closed ports refuse.
    await asker.send(datagram({ giaddr: '0.0.0.0' }), ports.server);
    await expect.poll(() => lines.filter((line) => line.includes('is in use'))).toHaveLength(2);
    await expect.poll(() => lines.filter((line) => line.includes('every dynamic address'))).toHaveLength(1);
  });

  test('notes what boot clients ask and are told, and nothing of others', async () => {
    const { ports } = await listen();
    const relay = await peer(RELAY, ports.server);
    await relay.send(datagram({ mac: CARD1 }), ports.server);
    expect(await relay.hears()).toBe('offer 127.0.9.10');
    expect(stages).toEqual([]);
    await relay.send(datagram({ mac: CARD1, options: BOOTS }), ports.server);
    expect(await relay.hears()).toBe('offer 127.0.9.10 pxelinux.0');
    expect(stages).toMatchObject([
      { kind: 'dhcp-asked', type: 'discover', port: 67, archCode: 0, vendorClass: 'PXEClient:Arch:00000:UNDI:002001' },
      { kind: 'dhcp-answered', mode: 'server', port: 67, address: '127.0.9.10', file: 'pxelinux.0' },
    ]);
  });

  test('reports once who else leases here', async () => {
    const { ports } = await listen();
    const relay = await peer(RELAY, ports.server);
    const taken = datagram({ type: 3, options: [...selecting('127.0.9.50', '127.0.9.250'), ...BOOTS] });
    await relay.send(taken, ports.server);
    await relay.send(taken, ports.server);
    await expect.poll(() => stages.filter(({ kind }) => kind === 'dhcp-foreign').length).toBeGreaterThan(0);
    expect(rogues).toMatchObject([{ server: '127.0.9.250', kind: 'dhcp', evidence: `${ADA} took its offer` }]);
  });
});

describe('a proxy', () => {
  test('answers what boots from the network, on both ports, and no other', async () => {
    const { ports } = await listen({ mode: 'proxy' });
    const relay = await peer(RELAY, ports.server);
    const client = await peer('127.0.0.7', 0);
    await relay.send(datagram(), ports.server);
    await relay.send(
      datagram({ type: 3, options: [...selecting('127.0.9.50', '127.0.9.250'), ...BOOTS] }),
      ports.server,
    );
    await relay.send(datagram({ options: BOOTS }), ports.server);
    expect(await relay.hears()).toBe('offer 0.0.0.0 pxelinux.0');
    await client.send(datagram({ type: 3, giaddr: '0.0.0.0', ciaddr: '127.0.0.7', options: BOOTS }), ports.boot);
    expect(await client.hears()).toBe('ack 0.0.0.0 pxelinux.0');
    expect(stages).toContainEqual({ kind: 'dhcp-foreign', server: '127.0.9.250', mode: 'proxy' });
    expect(rogues).toEqual([]);
    // What comes next from that address is that machine's: nobody else tells a proxy.
    expect(elsewhere).toEqual([`${ADA} 0 127.0.9.50`]);
    expect([...store.book.all()]).toEqual([]);
  });
});

describe('what is not answered', () => {
  test.each<[string, Uint8Array]>([
    ["a server's reply", datagram({ op: 'reply', type: 2 })],
    ['a question through this server as its own relay', datagram({ giaddr: SELF, ciaddr: '127.0.0.5', type: 8 })],
    ['a relay of no network of the site', datagram({ giaddr: '127.0.77.1' })],
    ['half a message', datagram().subarray(0, 120)],
    ['nothing', new Uint8Array()],
    ['noise', new Uint8Array(300).fill(0xa5)],
  ])('%s', async (_title, bytes) => {
    const listener = await listen();
    const relay = await peer(RELAY, listener.ports.server);
    await relay.send(bytes, listener.ports.server);
    // What is heard next answers the next question.
    await relay.send(datagram({ mac: CARD1 }), listener.ports.server);
    expect(await relay.hears()).toBe('offer 127.0.9.10');
    expect(listener.counts()).toMatchObject({ answered: 1, failed: 0 });
  });
});

describe('floods and faults', () => {
  test('a machine gone mad is heard no more than it should be, and others are served', async () => {
    const listener = await listen({ limits: { perMacAtOnce: 5, perMacPerSecond: 0 } });
    const { server } = listener.ports;
    const relay = await peer(RELAY, server);
    for (let round = 0; round < 8; round += 1) {
      await relay.send(datagram({ mac: EVE, options: BOOTS }), server);
      if (round < 5) await relay.hears();
    }
    await relay.send(datagram({ mac: CARD1 }), server);
    expect(await relay.hears()).toBe('offer 127.0.9.10');
    expect(listener.counts()).toMatchObject({ answered: 6, 'too-often': 3 });
  });

  test('strangers fill their own part of the questions in hand, and a host is served beside them', async () => {
    const held = Promise.withResolvers<void>();
    const listener = await listen({
      limits: { inFlight: 3, strangersInFlight: 2 },
      answerBoot: async ({ request }) => {
        if (request.mac !== CARD1) await held.promise;
        return { kind: 'none', reason: 'not now' };
      },
    });
    const { server } = listener.ports;
    const relay = await peer(RELAY, server);
    for (let index = 1; index <= 4; index += 1)
      await relay.send(datagram({ mac: `02:00:00:00:02:0${index}`, options: BOOTS }), server);
    await relay.send(datagram({ mac: CARD1, options: BOOTS }), server);
    expect(await relay.hears()).toBe('offer 127.0.9.10');
    expect(listener.counts()).toMatchObject({ overloaded: 2, answered: 1 });
    held.resolve();
    for (let index = 0; index < 2; index += 1) expect(await relay.hears()).toMatch(/^offer/);
  });

  test('an impatient machine is answered once', async () => {
    const held = Promise.withResolvers<void>();
    const listener = await listen({
      answerBoot: async () => {
        await held.promise;
        return { kind: 'none', reason: 'not now' };
      },
    });
    const relay = await peer(RELAY, listener.ports.server);
    for (let index = 0; index < 3; index += 1)
      await relay.send(datagram({ mac: CARD1, options: BOOTS }), listener.ports.server);
    await expect.poll(() => listener.counts().repeated).toBe(2);
    held.resolve();
    await relay.hears();
    expect(listener.counts().answered).toBe(1);
  });

  test.each<[string, DhcpSetup['answerBoot']]>([
    ['fails', () => Promise.reject(new Error('no tree'))],
    [
      'throws',
      () => {
        throw new Error('no tree');
      },
    ],
    ['never comes', () => new Promise(() => {})],
  ])('a boot answer that %s costs that client its answer, not the process', async (_title, answer) => {
    const listener = await listen({
      limits: { answerMs: 100 },
      answerBoot: (question) =>
        question.request.mac === EVE ? answer(question) : Promise.resolve({ kind: 'none', reason: '' }),
    });
    const { server } = listener.ports;
    const relay = await peer(RELAY, server);
    await relay.send(datagram({ mac: EVE, options: BOOTS }), server);
    await expect.poll(() => listener.counts().failed).toBe(1);
    await relay.send(datagram({ mac: CARD1, options: BOOTS }), server);
    expect(await relay.hears()).toBe('offer 127.0.9.10');
  });
});

describe('the ports', () => {
  test('are refused with their number where another has them', async () => {
    const taken = await bound(SELF, 0);
    closers.push(() => void taken.close());
    const { port } = taken.address();
    await expect(listen({ ports: { server: port, boot: 0, client: 0 } })).rejects.toThrow(
      `UDP port ${port} of 127.0.0.1`,
    );
  });

  test('are free again after close, which waits for what is in hand', async () => {
    const listener = await listen();
    await listener.close();
    const again = await bound(SELF, listener.ports.server);
    again.close();
  });
});
