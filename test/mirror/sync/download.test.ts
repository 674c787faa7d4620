// One file into a real pool, from mirrors that damage, cut, lengthen or break off: another one mends it, and nothing wrong is kept.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openPool, type Pool, type Staging } from '../../../mirror/content/pool/store.ts';
import { sha256Of } from '../../../mirror/rpm/checksum.ts';
import { parseHref } from '../../../mirror/rpm/href.ts';
import { downloadFile } from '../../../mirror/sync/download.ts';
import { openUpstream } from '../../../mirror/sync/fetcher.ts';
import type { Upstream } from '../../../mirror/sync/upstream.ts';
import {
  breakHalfWay,
  serveBytes,
  startUpstream,
  status,
  type FakeUpstream,
  type Trick,
} from '../../support/fake-upstream.ts';
import { fixtureBytes } from '../../support/repo-fixture.ts';
import { SOON } from '../../support/fetching.ts';

const PATH = 'Packages/a.rpm';
const content = fixtureBytes('a', 400_000);
const wanted = {
  path: parseHref(PATH, PATH),
  checksum: { type: 'sha256', digest: sha256Of(content) },
  sizeBytes: content.length,
} as const;
const flipped = Buffer.from(content.map((byte, at) => (at === 1000 ? byte ^ 1 : byte)));

let data: string;
let pool: Pool;
let staging: Staging;
let list: FakeUpstream;
let mirrors: readonly [FakeUpstream, FakeUpstream, FakeUpstream];
let received: number;
let onReceived: () => void;
beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), 'kickstand-download-'));
  pool = await openPool(data);
  staging = await pool.openStaging('demo');
  const files = new Map([[PATH, content]]);
  mirrors = [await startUpstream(files), await startUpstream(files), await startUpstream(files)];
  list = await startUpstream(new Map([['list', Buffer.from(mirrors.map(({ url }) => url).join('\n'))]]));
  received = 0;
  onReceived = () => {};
});
afterEach(async () => {
  await staging.settle();
  for (const server of [list, ...mirrors]) await server.close();
  await rm(data, { recursive: true, force: true });
});

async function download(
  open = (): Upstream => openUpstream({ upstream: `${list.url}list`, kind: 'mirrorlist' }, SOON),
) {
  const upstream = open();
  const count = (bytes: number): void => {
    received += bytes;
    onReceived();
  };
  const progress = { resumed: () => {}, fileDone: () => {}, received: count };
  try {
    return await downloadFile(wanted, { upstream, staging, progress, signal: new AbortController().signal });
  } finally {
    await upstream.close();
  }
}

async function pooled(): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of pool.read(sha256Of(content))) chunks.push(chunk);
  return Buffer.concat(chunks);
}
const asked = () => mirrors.map(({ log }) => log.length);

describe('a mirror is left for the next', () => {
  test.each<[string, Trick, readonly number[]]>([
    ['that has one byte wrong', serveBytes(flipped), [1, 1, 0]],
    ['that has an older, shorter file', serveBytes(content.subarray(0, 1000)), [1, 1, 0]],
    ['that has a longer one', serveBytes(Buffer.concat([content, content])), [1, 1, 0]],
    [
      'that claims 10 GiB',
      (_q, answer) => answer.writeHead(200, { 'content-length': 10 * 1024 ** 3 }).flushHeaders(),
      [1, 1, 0],
    ],
    [
      'that sends without a length and without end',
      (_q, answer) => {
        const more = (): void =>
          void (answer.destroyed ? undefined : answer.write(Buffer.alloc(65_536), () => setImmediate(more)));
        more();
      },
      [1, 1, 0],
    ],
    ['that has not got it', status(404), [1, 1, 0]],
    ['that is out of order', status(503), [1, 1, 0]],
  ])('%s', async (_what, trick, expected) => {
    mirrors[0].always(PATH, trick);
    expect(await download()).toMatchObject({ path: PATH, sha256: sha256Of(content) });
    expect(asked()).toEqual(expected);
    expect((await pooled()).equals(content)).toBe(true);
  });
});

test('a file that all mirrors damage is no file, and the reason is told', async () => {
  for (const mirror of mirrors) mirror.always(PATH, serveBytes(flipped, { 'content-encoding': 'x-odd' }));
  await expect(download()).rejects.toThrow(
    /^Packages\/a\.rpm: sha256 is [0-9a-f]{64}, metadata says [0-9a-f]{64}; it was sent with Content-Encoding: x-odd$/,
  );
  expect(asked().reduce((sum, count) => sum + count)).toBe(4);
  expect(await pool.sizeOf(sha256Of(content))).toMatchObject({ kind: 'no' });
});

test('what one mirror began another ends, and nothing comes twice', async () => {
  mirrors[0].always(PATH, (_request, response) => {
    response.writeHead(200, { 'content-length': content.length, etag: '"first"' });
    response.write(content.subarray(0, 300_000));
  });
  const arrived = new Promise<void>((resolve) => {
    onReceived = () => {
      if (received === 300_000) resolve();
    };
  });
  const halfWay = download();
  await arrived;
  await mirrors[0].close();
  expect(await halfWay).toMatchObject({ sha256: sha256Of(content) });
  expect(mirrors[1].log).toMatchObject([{ range: 'bytes=300000-', ifRange: undefined }]);
  expect(received).toBe(content.length);
  mirrors = [await startUpstream(new Map()), mirrors[1], mirrors[2]];
});

describe('of one server alone', () => {
  const one = () => openUpstream(mirrors[0].url, SOON);

  test('a Range that is ignored: the file is taken from its beginning', async () => {
    mirrors[0].next(PATH, breakHalfWay, serveBytes(content));
    expect(await download(one)).toMatchObject({ sha256: sha256Of(content) });
    expect((await pooled()).equals(content)).toBe(true);
  });

  test('a part of an older file is thrown away, not published', async () => {
    mirrors[0].next(PATH, (request, response, bytes) =>
      breakHalfWay(request, response, Buffer.from(bytes.map((byte) => byte ^ 1))),
    );
    expect(await download(one)).toMatchObject({ sha256: sha256Of(content) });
    expect((await pooled()).equals(content)).toBe(true);
  });

  test('a part that was wrong is not held against the whole file that follows', async () => {
    const spoiled: Trick = (request, response, bytes) =>
      breakHalfWay(request, response, Buffer.from(bytes.map((byte) => byte ^ 1)));
    const stale: Trick = (request, response) => {
      const [, start = 0] = /bytes=(\d+)-/.exec(request.headers.range ?? '')?.map(Number) ?? [];
      response.writeHead(206, { 'content-range': `bytes ${start}-${content.length - 1}/${content.length}` });
      response.end(content.subarray(start));
    };
    mirrors[0].next(PATH, spoiled, stale, serveBytes(flipped));
    expect(await download(one)).toMatchObject({ sha256: sha256Of(content) });
  });

  test('tries end although each brings a little', async () => {
    let at = 0;
    mirrors[0].always(PATH, (_request, response) => {
      const range = `bytes ${at}-${content.length - 1}/${content.length}`;
      response.writeHead(at === 0 ? 200 : 206, { 'content-range': range, 'content-length': content.length - at });
      response.write(content.subarray(at, (at += 10)), () => response.socket?.end());
    });
    await expect(download(one)).rejects.toThrow(/given up after 100 tries|broke off after/);
    expect(asked()[0]).toBeLessThanOrEqual(100);
  });
});
