// Files that change under an answer, and clients that leave in the middle of one.

import { open, readdir, readlink, truncate, utimes, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { FilePlace } from '../../../mirror/content/place.ts';
import { sendPlace } from '../../../mirror/content/routes.ts';
import type { Running } from './rig.ts';
import { ask, makeDirectory, patternBytes, removeDirectory, serve, serveContent, servePlace } from './rig.ts';

let root = '';
let site: Awaited<ReturnType<typeof serveContent>>;

beforeAll(async () => {
  root = await makeDirectory({ empty: '' });
  site = await serveContent(root);
});

afterAll(async () => {
  await site.close();
  await removeDirectory(root);
});

/** A file of our own for tests that spoil it, as a place found before. */
async function ownPlace(name: string, bytes: Uint8Array): Promise<FilePlace> {
  const file = join(root, name);
  await writeFile(file, bytes);
  const modifiedMs = 1e12;
  await utimes(file, modifiedMs / 1000, modifiedMs / 1000);
  const sizeBytes = bytes.byteLength;
  return { kind: 'file', file, extents: [{ offset: 0, length: sizeBytes }], sizeBytes, modifiedMs };
}

describe('a file that is not what was found', () => {
  test.each([
    ['longer', async (file: string) => await writeFile(file, 'more', { flag: 'a' })],
    ['shorter', async (file: string) => await truncate(file, 3)],
    ['written anew', async (file: string) => await writeFile(file, 'abcdefghij')],
  ])('%s: 500, none of its bytes, and the reason for the log alone', async (name, spoil) => {
    const place = await ownPlace(`spoiled-${name}`, patternBytes(10));
    await spoil(place.file);
    let fault: string | undefined;
    const server = await serve((request, response) => {
      void sendPlace(request, response, { place, name: 'x', files: site.contentFiles }).then(
        (sent) => (fault = sent.fault),
      );
    });
    const answer = await ask(server.port, '/');
    expect([answer.status, answer.headers['content-type']]).toEqual([500, 'application/problem+json']);
    expect(answer.body.toString()).not.toContain(root);
    await vi.waitFor(() => expect(fault).toBe('the file changed after it was found'));
    await server.close();
  });

  test('gone: 404', async () => {
    const server = await servePlace({ ...(await ownPlace('x', patternBytes(10))), file: join(root, 'gone') });
    expect((await ask(server.port, '/')).status).toBe(404);
    await server.close();
  });

  test('a directory or a pipe in its place: 500', async () => {
    const server = await servePlace({ ...(await ownPlace('x', patternBytes(10))), file: root });
    expect((await ask(server.port, '/')).status).toBe(500);
    await server.close();
  });

  test('too short for its extents: 500', async () => {
    const place = await ownPlace('image', patternBytes(5000));
    const server = await servePlace({ ...place, extents: [{ offset: 4096, length: 2000 }], sizeBytes: 2000 });
    expect((await ask(server.port, '/')).status).toBe(500);
    await server.close();
  });

  test('cut short or rewritten while it is sent: the transfer breaks, and is never complete', async () => {
    const bytes = patternBytes(30_000_000);
    const cut = async (file: string): Promise<void> => await truncate(file, 100_000);
    const rewritten = async (file: string): Promise<void> => {
      const handle = await open(file, 'r+');
      await handle.write('X', 29_999_999);
      await handle.close();
    };
    for (const spoil of [cut, rewritten]) {
      const place = await ownPlace('moving', bytes);
      const server = await servePlace(place);
      const received = await readSlowly(server.port, async () => await spoil(place.file));
      expect(received).toBeLessThan(bytes.byteLength);
      await server.close();
    }
  });
});

/** Reads the headers, then waits for `meanwhile`, then reads on; the body's bytes until the connection ends. */
function readSlowly(port: number, meanwhile: () => Promise<void>): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('GET / HTTP/1.1\r\nHost: h\r\n\r\n'));
    let received = 0;
    socket.once('data', (first) => {
      received += first.byteLength - first.indexOf('\r\n\r\n') - 4;
      socket.pause();
      meanwhile().then(() => {
        socket.on('data', (chunk) => (received += chunk.byteLength));
        socket.resume();
      }, reject);
    });
    socket.on('error', () => {}); // a reset is one way for a transfer to break
    socket.on('close', () => resolve(received));
  });
}

describe('clients that leave', () => {
  const openFiles = async (): Promise<number> => {
    const fds = await readdir('/proc/self/fd');
    const targets = await Promise.all(fds.map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')));
    return targets.filter((target) => target.startsWith(root)).length;
  };

  test.runIf(process.platform === 'linux')('leave no file open, and are reported as incomplete', async () => {
    await writeFile(join(root, 'huge.iso'), Buffer.alloc(40_000_000));
    const sockets = await Promise.all(
      Array.from({ length: 10 }, async () => {
        const socket = connect(site.port, '127.0.0.1');
        socket.write('GET /trees/dvd/huge.iso HTTP/1.1\r\nHost: h\r\n\r\n');
        await new Promise((resolve) => {
          socket.once('data', resolve);
        });
        socket.pause();
        return socket;
      }),
    );
    expect(await openFiles()).toBe(1); // all of them read through one descriptor
    for (const socket of sockets) socket.destroy();
    await vi.waitFor(async () => expect(await openFiles()).toBe(0));
    const reports = () => site.served.filter(({ path }) => path === '/trees/dvd/huge.iso');
    await vi.waitFor(() => expect(reports()).toHaveLength(10));
    expect(reports().every(({ complete, fault }) => !complete && fault === undefined)).toBe(true);
  });

  test('before the answer begins are let go', async () => {
    const place = await ownPlace('early', patternBytes(1_000_000));
    let sent: unknown;
    const server: Running = await serve((request, response) => {
      response.once('close', () => {
        void sendPlace(request, response, { place, name: 'x', files: site.contentFiles }).then(
          (result) => (sent = result),
        );
      });
      request.socket.destroy();
    });
    await expect(ask(server.port, '/')).rejects.toThrow('socket hang up');
    await vi.waitFor(() => expect(sent).toMatchObject({ bytes: 0, complete: false, fault: undefined }));
    await server.close();
  });
});
