// Fetches files of every awkward size with the real TFTP clients, straight and through a bad network, and compares checksums.

import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import * as clients from './clients.ts';
import { createTestFiles, hashOf, type TestFiles } from './files.ts';
import { startTestServer, type TestServer } from './peer.ts';
import { startRelay } from './relay.ts';

const ALL = [
  clients.CURL,
  clients.CURL_PLAIN,
  clients.TFTP_HPA,
  clients.ATFTP,
  clients.ATFTP_WINDOW,
  clients.ATFTP_SMALL_WINDOW,
  clients.BUSYBOX,
  clients.BUSYBOX_PLAIN,
  clients.TFTP2,
];
const MIB = 1024 * 1024;
const EMPTY_IS_AN_ERROR = [clients.CURL];

let files: TestFiles;
let server: TestServer;

beforeAll(async () => {
  files = await createTestFiles();
  server = await startTestServer(files.open);
});
afterAll(async () => {
  await server.close();
  expect(files.openCount()).toBe(0);
  await files.remove();
});

async function fetchSize(
  client: clients.RealClient,
  { sizeBytes, port }: { sizeBytes: number; port: number },
): Promise<void> {
  const name = await files.make(sizeBytes);
  const out = join(files.directory, `${client.title.replaceAll(/\W+/g, '-')}-${port}-${sizeBytes}`);
  await clients.fetchWith(client, { port, name, out });
  expect(await hashOf(out)).toBe(files.hash(sizeBytes));
}

describe.each(ALL.map((client) => [client.title, client] as const))('%s', (_title, client) => {
  const sizes = [0, 1, 511, 512, 513, client.blksize, client.blksize * 40, client.blksize * 40 + 1, 300_000];
  const wanted = [...new Set(sizes)].filter((size) => size > 0 || !EMPTY_IS_AN_ERROR.includes(client));

  test.skipIf(clients.isAbsent(client)).each(wanted)('fetches %i bytes', async (sizeBytes) => {
    await fetchSize(client, { sizeBytes, port: server.port });
    expect(await server.events.take()).toMatchObject({ outcome: 'sent', bytes: sizeBytes, name: `size-${sizeBytes}` });
  });
});

describe('32 MiB less one block, the most that tftp2 can', () => {
  test.skipIf(clients.isAbsent(clients.TFTP2))('tftp2', { timeout: 60_000 }, async () => {
    await fetchSize(clients.TFTP2, { sizeBytes: 32 * MIB - 513, port: server.port });
    await server.events.take();
  });
});

describe('in blocks of 512 the block number wraps every 32 MiB', () => {
  const WRAPPERS = [clients.CURL_PLAIN, clients.ATFTP_SMALL_WINDOW, clients.TFTP_HPA, clients.BUSYBOX_PLAIN];
  const rows = WRAPPERS.map((client) => [client.title, client] as const);
  test.for(rows)('%s: 100 MiB', { timeout: 90_000 }, async ([, client], { skip }) => {
    skip(clients.isAbsent(client), 'not installed');
    await fetchSize(client, { sizeBytes: 100 * MIB, port: server.port });
    expect(await server.events.take()).toMatchObject({ outcome: 'sent', bytes: 100 * MIB });
  });
});

describe('through a network that loses, repeats and reorders a tenth of everything each', () => {
  // The server's first silence suits each client's habits: busybox repeats an ACK only after 100 ms without a datagram;
  // atftp repeats one without a window only after its own 5 s, so it is here with windows only.
  const LOSSY = [
    [clients.CURL, 256 * 1024, 20],
    [clients.TFTP_HPA, 256 * 1024, 10],
    [clients.ATFTP_WINDOW, MIB, 50],
    [clients.ATFTP_SMALL_WINDOW, MIB, 50],
    [clients.BUSYBOX, 64 * 1024, 300],
  ] as const;
  const rows = LOSSY.map(
    ([client, sizeBytes, retransmitMs]) => [client.title, { client, sizeBytes, retransmitMs }] as const,
  );

  test.concurrent.for(rows)('%s', { timeout: 60_000 }, async ([, row], { skip }) => {
    const { client, sizeBytes, retransmitMs } = row;
    skip(clients.isAbsent(client), 'not installed');
    // curl asks for `timeout=5`, which would make a lost block cost 5 s. atftp, once confused by a lost last block, answers
    // nothing until it has heard nothing for 5 s: a server that repeats sooner for ever never hears of it again.
    const limits = { retransmitMs, retransmitCapMs: 6000, retransmissions: 500, timeoutSeconds: 0 };
    const lossyServer = await startTestServer(files.open, limits);
    const relay = await startRelay({ serverPort: lossyServer.port, seed: sizeBytes, mishap: 0.1, opening: 'pass' });
    try {
      await fetchSize(client, { sizeBytes, port: relay.port });
      expect(Math.min(relay.counts.lost, relay.counts.repeated, relay.counts.late)).toBeGreaterThan(3);
    } finally {
      await relay.close();
      await lossyServer.close();
    }
  });
});

describe('what the clients make of a refusal', () => {
  test.skipIf(clients.isAbsent(clients.CURL))('curl: not found is exit 68', async () => {
    const fetch = { port: server.port, name: 'nothing', out: join(files.directory, 'nothing') };
    await expect(clients.fetchWith(clients.CURL, fetch)).rejects.toMatchObject({ code: 68 });
    expect(await server.events.take()).toMatchObject({ outcome: 'refused', reason: 'there is no nothing' });
  });

  test.skipIf(clients.isAbsent(clients.CURL))('curl: an upload is exit 69', async () => {
    const upload = { ...clients.CURL_PLAIN, args: () => ['-sS', '-T', '-', `tftp://127.0.0.1:${server.port}/upload`] };
    const fetch = { port: server.port, name: 'upload', out: '' };
    await expect(clients.fetchWith(upload, fetch)).rejects.toMatchObject({ code: 69 });
    expect(await server.events.take()).toMatchObject({ outcome: 'refused', name: 'upload' });
  });
});
