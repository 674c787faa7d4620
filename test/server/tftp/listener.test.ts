// Talks to the real listener over loopback as clients, strangers and attackers do, and looks at answers and events.

import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

import type { Packet } from '../../../server/tftp/packet.ts';
import type { TftpFile, TftpLimits, TftpOpen } from '../../../server/tftp/types.ts';
import { createTestFiles, patternBytes, type TestFiles } from './files.ts';
import { createPeer, fetchFile, startTestServer, type Peer, type TestServer } from './peer.ts';
import { startRelay } from './relay.ts';
import { SAMPLES, wire } from './samples.ts';

let files: TestFiles;
const closers: (() => Promise<void>)[] = [];

beforeAll(async () => void (files = await createTestFiles()));
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
  expect(files.openCount()).toBe(0);
});
afterAll(() => files.remove());

async function serve(limits: Partial<TftpLimits> = {}, open: TftpOpen = files.open): Promise<TestServer> {
  const server = await startTestServer(open, limits);
  closers.push(() => server.close());
  return server;
}

async function meet(): Promise<Peer> {
  const peer = await createPeer();
  closers.push(() => peer.close());
  return peer;
}

const ack = (block: number): Packet => ({ kind: 'ack', block });
const read = (name: string, options = ''): Buffer => wire(1, `${name}|octet|${options}`);
const probe = (code: number): Packet => ({ kind: 'error', code, message: 'User aborted the transfer' });

/** Takes blocks and acknowledges them until the short one. */
async function readOn(peer: Peer, blksize = 512): Promise<number> {
  for (let bytes = 0; ;) {
    const { packet, port } = await peer.take();
    if (packet.kind !== 'data') throw new Error(`not data: ${JSON.stringify(packet)}`);
    bytes += packet.bytes.byteLength;
    await peer.send(ack(packet.block), port);
    if (packet.bytes.byteLength < blksize) return bytes;
  }
}

describe('what is refused', () => {
  const REFUSED: readonly (readonly [string, Buffer, number, string | undefined])[] = [
    ['a write', wire(2, 'f|octet|'), 2, 'this server takes no files'],
    ['an unknown name', read('nothing'), 1, 'there is no nothing'],
    ['mode mail', wire(1, 'f|mail|'), 4, undefined],
    ['a request without end', wire(1, 'f'), 4, undefined],
    ['a name too long', read('n'.repeat(256)), 4, undefined],
  ];
  test.each(REFUSED)('%s', async (_rule, datagram, code, reason) => {
    const server = await serve();
    const peer = await meet();
    await peer.send(datagram, server.port);
    expect((await peer.take()).packet).toMatchObject({ kind: 'error', code });
    if (reason === undefined) return;
    const client = { address: '127.0.0.1', port: peer.port };
    expect(await server.events.take()).toMatchObject({ client, outcome: 'refused', bytes: 0, options: '', reason });
  });

  test('what is no request is not answered at all', async () => {
    const server = await serve();
    const peer = await meet();
    for (const what of [ack(1), probe(0), Buffer.of(), Buffer.of(0), Buffer.of(0, 3, 0, 1, 7), Buffer.of(9, 9, 9)]) {
      await peer.send(what, server.port);
    }
    await peer.send(read('nothing'), server.port);
    expect((await peer.take()).packet).toMatchObject({ kind: 'error', code: 1 });
  });

  test.each([
    ['in all', { sessions: 2 }],
    ['for one client', { sessionsPerClient: 2 }],
  ])('more transfers %s than the limit, until one ends', async (_rule, limits) => {
    const server = await serve(limits);
    const name = await files.make(600);
    const [first, second, third] = [await meet(), await meet(), await meet()];
    await first.send(read(name), server.port);
    await second.send(read(name), server.port);
    const { port } = await first.take();
    await second.take();
    await third.send(read(name), server.port);
    expect((await third.take()).packet).toMatchObject({ kind: 'error', code: 0 });
    expect(await server.events.take()).toMatchObject({
      outcome: 'refused',
      reason: 'too many transfers, try again later',
    });
    await first.send(probe(0), port);
    expect(await server.events.take()).toMatchObject({ outcome: 'closed' });
    await third.send(read(name), server.port);
    expect(await readOn(third)).toBe(600);
  });
});

describe('one transfer', () => {
  test('comes from a port of its own, and a stranger there gets ERROR 5 without ending it', async () => {
    const server = await serve();
    const [peer, stranger] = [await meet(), await meet()];
    await peer.send(read(await files.make(600)), server.port);
    const first = await peer.take();
    expect(first.port).not.toBe(server.port);
    await stranger.send(probe(0), first.port);
    await stranger.send(ack(1), first.port);
    expect((await stranger.take()).packet).toMatchObject({ kind: 'error', code: 5 });
    await peer.send(Buffer.of(0, 9, 1), first.port);
    await peer.send(ack(1), first.port);
    expect(await readOn(peer)).toBe(88);
    expect(await server.events.take()).toMatchObject({ outcome: 'sent', bytes: 600 });
    expect(stranger.waiting()).toBe(0);
  });

  test('is begun once, however often the request is repeated', async () => {
    let opened = 0;
    const server = await serve({}, async (name, client) => {
      opened += 1;
      return files.open(name, client);
    });
    const peer = await meet();
    const request = read(await files.make(600));
    for (let i = 0; i < 3; i += 1) await peer.send(request, server.port);
    const { port } = await peer.take();
    await peer.send(request, server.port);
    await peer.send(ack(1), port);
    expect(await readOn(peer)).toBe(88);
    await server.events.take();
    expect(opened).toBe(1);
    expect(peer.waiting()).toBe(0);
  });

  test('is offered the options that were asked, and only those', async () => {
    const server = await serve();
    const peer = await meet();
    await peer.send(read(await files.make(600), 'TSIZE|0|blksize|1408|multicast||'), server.port);
    expect((await peer.take()).packet).toEqual({
      kind: 'oack',
      options: [
        { name: 'tsize', value: '600' },
        { name: 'blksize', value: '1408' },
      ],
    });
  });

  test('EDK2 probes the size, then reads from the same port', async () => {
    const server = await serve();
    const peer = await meet();
    const name = await files.make(3000);
    await peer.send(read(name, 'tsize|0|blksize|1468|'), server.port);
    const offer = await peer.take();
    await peer.send(probe(8), offer.port);
    expect(await server.events.take()).toMatchObject({
      outcome: 'probed',
      bytes: 0,
      asked: 'tsize=0 blksize=1468',
      options: 'tsize=3000 blksize=1468',
    });
    await peer.send(read(name, 'blksize|1468|'), server.port);
    await peer.send(ack(0), (await peer.take()).port);
    expect(await readOn(peer, 1468)).toBe(3000);
  });

  test('another request from the port replaces an offer whose ERROR was lost', async () => {
    const server = await serve();
    const peer = await meet();
    const name = await files.make(600);
    await peer.send(read(name, 'tsize|0|'), server.port);
    await peer.take();
    await peer.send(read(name), server.port);
    expect(await readOn(peer)).toBe(600);
    expect(await server.events.take()).toMatchObject({ outcome: 'closed', reason: 'the client began anew' });
    expect(await server.events.take()).toMatchObject({ outcome: 'sent' });
  });

  test('a silent client is sent the block again, then dropped', async () => {
    const server = await serve({ retransmitMs: 2, retransmissions: 3 });
    const peer = await meet();
    await peer.send(read(await files.make(600)), server.port);
    for (let i = 0; i < 4; i += 1) expect((await peer.take()).packet).toMatchObject({ kind: 'data', block: 1 });
    expect((await peer.take()).packet).toMatchObject({ kind: 'error', code: 0 });
    const reason = 'block 1 of 2 was sent 4 times and never acknowledged';
    expect(await server.events.take()).toMatchObject({ outcome: 'timed-out', reason });
  });

  test.each([0, 1])('the block number wraps to %i, in windows of 64', async (rollover) => {
    const server = await serve();
    const size = 8 * 66_000;
    const name = await files.make(size);
    const fetched = await fetchFile(server.port, { name, options: { blksize: 8, windowsize: 64, rollover } });
    expect(fetched.bytes.equals(patternBytes(size))).toBe(true);
  });

  test('a name is handed over byte for byte', async () => {
    const names: string[] = [];
    const server = await serve({}, async (name) => {
      names.push(name);
      return { kind: 'no', reason: 'no' };
    });
    const peer = await meet();
    for (const name of ['\\EFI\\..\\x', '//a', 'pxelinux.0\u00ff', 'n'.repeat(255)]) {
      await peer.send(read(name), server.port);
      await peer.take();
      await server.events.take();
      expect(names.at(-1)).toBe(name);
    }
  });
});

describe('a file that', () => {
  const never = new Promise<never>(() => {});
  const file = (change: Partial<TftpFile>): TftpFile => ({
    sizeBytes: 2000,
    read: async (_offset, length) => new Uint8Array(length),
    close: async () => {},
    ...change,
  });
  const FAULTS: readonly (readonly [string, TftpOpen, RegExp])[] = [
    ['cannot be opened', async () => Promise.reject(new Error('no such disk')), /could not be opened: no such disk/],
    ['is never opened', () => never, /was not opened in time/],
    ['cannot be read', async () => file({ read: async () => Promise.reject(new Error('bad sector')) }), /bad sector/],
    ['is shorter than it was', async () => file({ read: async () => new Uint8Array(0) }), /ended at byte 0 of 2000/],
    ['is never read', async () => file({ read: () => never }), /could not be read in time/],
    [
      'cannot be closed',
      async () => file({ sizeBytes: 3, read: () => never, close: () => Promise.reject(new Error()) }),
      /in time/,
    ],
  ];
  test.each(FAULTS)('%s ends its transfer with ERROR 0, and nothing hangs', async (_fault, open, reason) => {
    const server = await serve({ openMs: 30, retransmitMs: 2, retransmissions: 2 }, open);
    const peer = await meet();
    await peer.send(read('f'), server.port);
    const { packet } = await peer.take();
    expect(packet).toMatchObject({ kind: 'error', code: 0 });
    expect(JSON.stringify(packet)).not.toContain('sector');
    expect(await server.events.take()).toMatchObject({
      outcome: 'failed',
      reason: expect.stringMatching(reason) as string,
    });
  });
});

describe('many and hostile', () => {
  test('a storm of any datagrams, at both ports, leaves it serving', async () => {
    const server = await serve();
    const [peer, stranger] = [await meet(), await meet()];
    const name = await files.make(300_000);
    await peer.send(read(name), server.port);
    const { port } = await peer.take();
    const noise = patternBytes(400_000);
    for (let i = 0; i < 3000; i += 1) {
      const datagram = Buffer.from(noise.subarray(i * 100, i * 100 + (i % 120)));
      if (i % 3 > 0 && datagram.byteLength > 2) datagram.set([0, i % 8], 0);
      await stranger.send(datagram, i % 2 === 0 ? server.port : port);
    }
    for (const datagram of Object.values(SAMPLES)) await stranger.send(datagram, port);
    const fetched = await fetchFile(server.port, { name, options: { blksize: 1428 } });
    expect(fetched.bytes.equals(patternBytes(300_000))).toBe(true);
    await peer.send(ack(1), port);
    expect((await readOn(peer)) + 512).toBe(300_000);
  });

  test('two clients at a time, and two hundred', async () => {
    const server = await serve();
    const name = await files.make(100_000);
    const expected = patternBytes(100_000);
    for (const count of [2, 200]) {
      const asked = (i: number) => ({ name, options: { blksize: 512 + i, windowsize: 1 + (i % 8), tsize: 0 } });
      const all = await Promise.all(Array.from({ length: count }, (_, i) => fetchFile(server.port, asked(i))));
      expect(all.every(({ bytes }) => bytes.equals(expected))).toBe(true);
      for (let i = 0; i < count; i += 1) expect(await server.events.take()).toMatchObject({ outcome: 'sent' });
    }
  });

  test.each([1, 4, 16, 64])(
    '1 MiB in windows of %i through a network that loses, repeats and reorders',
    async (windowsize) => {
      const server = await serve({ retransmitMs: 10, retransmitCapMs: 40, retransmissions: 60 });
      const relay = await startRelay({ serverPort: server.port, seed: windowsize, mishap: 0.1, opening: 'suffer' });
      closers.push(() => relay.close());
      const size = windowsize === 1 ? 256 * 1024 : 1024 * 1024;
      const options = { blksize: 1024, windowsize, tsize: 0 };
      const fetched = await fetchFile(relay.port, { name: await files.make(size), options }, 15);
      expect(fetched.bytes.equals(patternBytes(size))).toBe(true);
      expect(relay.counts.lost).toBeGreaterThan(20);
    },
  );
});

describe('close', () => {
  test('tells the clients, closes the files and frees the port', async () => {
    const server = await serve();
    const peer = await meet();
    await peer.send(read(await files.make(600)), server.port);
    await peer.take();
    await Promise.all([server.close(), server.close()]);
    expect((await peer.take()).packet).toMatchObject({ kind: 'error', code: 0, message: 'the server is stopping' });
    expect(await server.events.take()).toMatchObject({ outcome: 'failed', reason: 'the server is stopping' });
    expect(files.openCount()).toBe(0);
  });

  test('leaves a transfer its time to finish, and takes no other', async () => {
    const server = await serve({ closeMs: 20_000 });
    const peer = await meet();
    await peer.send(read(await files.make(1300)), server.port);
    const first = await peer.take();
    const closed = server.close();
    const late = await meet();
    await late.send(read(await files.make(10)), server.port);
    await peer.send(ack(1), first.port);
    expect(await readOn(peer)).toBe(1300 - 512);
    await closed;
    expect(late.waiting()).toBe(0);
    expect(await server.events.take()).toMatchObject({ outcome: 'sent', bytes: 1300 });
  });

  test('ends a transfer that does not finish in its time', async () => {
    const server = await serve({ closeMs: 30 });
    const peer = await meet();
    await peer.send(read(await files.make(600)), server.port);
    await peer.take();
    await server.close();
    expect((await peer.take()).packet).toMatchObject({ kind: 'error', message: 'the server is stopping' });
  });

  test('does not wait for a file that never opens', async () => {
    const server = await serve({ openMs: 60 }, () => new Promise<never>(() => {}));
    const peer = await meet();
    await peer.send(read('f'), server.port);
    await peer.send(wire(2, 'f|octet|'), server.port);
    await peer.take();
    await server.close();
    expect(await server.events.take()).toMatchObject({ outcome: 'refused' });
    expect(await server.events.take()).toMatchObject({ outcome: 'failed', reason: 'the server is stopping' });
  });

  test('a port in use is told as such', async () => {
    const server = await serve();
    const { startTftpListener } = await import('../../../server/tftp/listener.ts');
    const { quietLog } = await import('../../../server/log.ts');
    const setup = { address: '127.0.0.1', port: server.port, open: files.open, log: quietLog, onEvent: () => {} };
    await expect(startTftpListener(setup)).rejects.toThrow(`TFTP cannot listen on 127.0.0.1 port ${server.port}`);
  });
});
