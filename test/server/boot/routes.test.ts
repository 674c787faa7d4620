// The boot namespace over HTTP, as firmware and GRUB ask it: at two places, never redirected, in the spelling their small clients know.

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { BootFile, BootNamespace } from '../../../server/boot/namespace.ts';
import { bootHandler } from '../../../server/boot/routes.ts';
import { no } from '../../../server/malformed.ts';

let opened: string[] = [];
let looked: string[] = [];
let followed: string[] = [];
const answer = (name: string): BootFile<string> => {
  if (name.endsWith('missing')) return { role: 'unknown', gave: '', body: no('nothing of that name') };
  const body = name.endsWith('.efi')
    ? ({ kind: 'file', file: name } as const)
    : ({ kind: 'text', text: 'boot me\n' } as const);
  return { role: 'config', gave: name, body };
};
const names: BootNamespace<string> = {
  open: async (name) => {
    opened.push(name);
    return answer(name);
  },
  look: async (name) => {
    looked.push(name);
    return answer(name);
  },
};
const boot = bootHandler<string>({
  names,
  sendFile: async (_request, response, file) => {
    response.writeHead(200, { 'Content-Length': file.length }).end(file);
    return { bytes: file.length, complete: true };
  },
  onStarted: ({ name }) => void followed.push(`started ${name}`),
  onAsked: ({ name, sent }) => void followed.push(`sent ${sent.bytes} of ${name}`),
});
const server = createServer((request, response) => {
  void boot(request, response).then((taken) => (taken ? undefined : response.writeHead(404).end('not mine')));
});

beforeAll(() => new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve)));
afterAll(() => new Promise<void>((resolve) => void server.close(() => resolve())));
beforeEach(() => {
  opened = [];
  looked = [];
  followed = [];
});

/** The answer as it is on the wire: a client library would normalise it. */
async function ask(method: string, path: string): Promise<string> {
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  socket.write(`${method} ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
  return text(socket);
}

describe('asked', () => {
  test.each<[string, string, string]>([
    ['below /boot/', '/boot/loaders/el9/grubx64.efi', 'loaders/el9/grubx64.efi'],
    ['with a doubled slash, as shim asks', '/boot/loaders/el9//grubx64.efi', 'loaders/el9//grubx64.efi'],
    ['at the root below /EFI, as a GRUB that came over HTTP asks', '/EFI/BOOT/grub.cfg', 'EFI/BOOT/grub.cfg'],
    ['at the root with a doubled slash', '//EFI//xenserver/grub.cfg', 'EFI//xenserver/grub.cfg'],
    ["at the root in another of FAT's spellings", '/efi/boot/grub.cfg', 'efi/boot/grub.cfg'],
    ['at the root below /grub', '/grub/grub.cfg-01-52:54:00:a8:a8:02', 'grub/grub.cfg-01-52:54:00:a8:a8:02'],
    ['with a query, which is dropped', '/boot/pxelinux.0?x=1', 'pxelinux.0'],
  ])('%s: answered at once, without a redirect', async (_name, path, name) => {
    const raw = await ask('GET', path);
    expect(raw).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(raw).not.toMatch(/^location:/im);
    expect(opened).toEqual([name]);
  });

  test.each(['/', '/bootx', '/efibootmgr', '/grubby/x', '/trees/EFI/BOOT/x'])(
    '%s: not of this namespace',
    async (path) => {
      expect(await ask('GET', path)).toContain('not mine');
      expect(opened).toEqual([]);
    },
  );
});

test("a length is sent in the one spelling that GRUB 2.06's HTTP client knows", async () => {
  for (const path of ['/EFI/BOOT/grub.cfg', '/boot/bootx64.efi', '/boot/missing'])
    expect(await ask('GET', path)).toMatch(/\r\nContent-Length: [1-9]\d*\r\n/);
});

test('a HEAD tells the length and boots nothing', async () => {
  const raw = await ask('HEAD', '/boot/ipxe/52-54-00-a8-a8-02');
  expect(raw).toMatch(/\r\nContent-Length: 8\r\n/);
  expect(raw).toMatch(/\r\n\r\n$/);
  expect([opened, looked, followed]).toEqual([[], ['ipxe/52-54-00-a8-a8-02'], []]);
});

test('a boot script holds a token: no cache keeps it', async () => {
  expect(await ask('GET', '/boot/ipxe/52-54-00-a8-a8-02')).toMatch(/\r\nCache-Control: no-store\r\n/);
});

test('what is not there is a 404 with a body: over an empty one EDK2 waits until the connection closes', async () => {
  const raw = await ask('GET', '/boot/missing');
  expect(raw).toMatch(/^HTTP\/1\.1 404 /);
  expect(raw).toContain('nothing of that name');
});

test('only GET and HEAD are answered', async () => {
  expect(await ask('POST', '/boot/pxelinux.0')).toMatch(/^HTTP\/1\.1 405 [^]*\r\nAllow: GET, HEAD\r\n/);
  expect(opened).toEqual([]);
});

test('whoever follows a boot hears of the begin and the end of each answer', async () => {
  await ask('GET', '/boot/bootx64.efi');
  expect(followed).toEqual(['started bootx64.efi', 'sent 11 of bootx64.efi']);
});
