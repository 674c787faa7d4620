// cpio in its three forms: picks what is wanted, stops there, joins hard links, and refuses what is cut, too long or none.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { CpioMember } from '../../../mirror/rpm/cpio.ts';
import { pickFromCpio } from '../../../mirror/rpm/cpio.ts';
import { Malformed } from '../../../server/malformed.ts';

type Form = '070701' | '070702' | '07070X';
type Member = { path: string; data: Uint8Array; mode?: number; inode?: number; links?: number; check?: number };

const FORMS: readonly Form[] = ['070701', '070702', '07070X'];
const pad = (bytes: Buffer): Buffer => Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]);
const hex = (value: number): string => value.toString(16).padStart(8, '0');

function entry(form: Form, member: Member, index: number): Buffer {
  const { path, data, mode = 0o100644, inode = index + 1, links = 1 } = member;
  if (form === '07070X') return Buffer.concat([pad(Buffer.from(`${form}${hex(index)}`)), pad(Buffer.from(data))]);
  return Buffer.concat([newcHead(form, { ...member, path: `.${path}`, mode, inode, links }), pad(Buffer.from(data))]);
}

function newcHead(form: Form, { path, data, mode = 0, inode = 0, links = 1, check }: Member): Buffer {
  const sum = check ?? (form === '070702' ? data.reduce((total, byte) => total + byte, 0) : 0);
  const fields = [inode, mode, 0, 0, links, 0, data.length, 0, 0, 0, 0, path.length + 1, sum];
  return pad(Buffer.from(`${form}${fields.map(hex).join('')}${path}\0`));
}

function archive(form: Form, members: readonly Member[]): Buffer {
  const trailer = newcHead('070701', { path: 'TRAILER!!!', data: Buffer.alloc(0) });
  return Buffer.concat([...members.map((member, index) => entry(form, member, index)), trailer]);
}

type Picking = { wanted: readonly string[]; members?: readonly Member[]; size?: number; limitBytes?: number };

async function pick(bytes: Uint8Array, { wanted, members = [], size = 1 << 20, limitBytes = 1000 }: Picking) {
  let read = 0;
  const chunks = async function* (): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += size) {
      read = Math.min(bytes.length, at + size);
      yield bytes.subarray(at, at + size);
    }
  };
  const memberAt = (index: number): CpioMember | undefined => {
    const member = members[index];
    if (member === undefined) return undefined;
    const { path, data, mode = 0o100644, inode = index + 1 } = member;
    return { path, packedBytes: data.length, isFile: (mode & 0o170000) === 0o100000, identity: String(inode) };
  };
  const found = await pickFromCpio(chunks(), { wanted: new Set(wanted), limitBytes, memberAt }, 'a.rpm');
  return { found: Object.fromEntries([...found].map(([path, data]) => [path, Buffer.from(data).toString()])), read };
}

const text = (value: string): Uint8Array => Buffer.from(value);

describe.each(FORMS)('%s', (form) => {
  const members: Member[] = [
    { path: '/a', data: text(''), mode: 0o040755 },
    { path: '/a/one', data: text('first') },
    { path: '/a/link', data: text('one'), mode: 0o120777 },
    { path: '/a/empty', data: text('') },
    { path: '/a/two', data: text('second!') },
    { path: '/a/three', data: text('x'.repeat(500)) },
  ];

  test('gives what is wanted, in any crumbs', async () => {
    const wanted = ['/a/one', '/a/two', '/a/empty', '/a/link', '/a/none'];
    for (const size of [1, 3, 110, 5000]) {
      const { found } = await pick(archive(form, members), { wanted, members, size });
      expect(found).toEqual({ '/a/one': 'first', '/a/two': 'second!', '/a/empty': '' });
    }
  });

  test('reads no further than the last wanted one', async () => {
    const bytes = archive(form, members);
    const { read } = await pick(bytes, { wanted: ['/a/one'], members, size: 16 });
    expect(read).toBeLessThan(bytes.length / 2);
  });

  test('hard links have one content, which comes with the last', async () => {
    const linked: Member[] = [
      { path: '/one', data: text(''), inode: 7, links: 2 },
      { path: '/other', data: text('other') },
      { path: '/two', data: text('shared'), inode: 7, links: 2 },
    ];
    const { found } = await pick(archive(form, linked), { wanted: ['/one'], members: linked });
    expect(found).toEqual({ '/one': 'shared' });
  });

  test('a wanted file over the limit is Malformed, others may be as long as they like', async () => {
    const picking = { members, limitBytes: 100 };
    const bytes = archive(form, [...members.slice(5), ...members.slice(0, 5)]);
    const turned = { ...picking, members: [...members.slice(5), ...members.slice(0, 5)] };
    expect((await pick(bytes, { ...turned, wanted: ['/a/one'] })).found).toEqual({ '/a/one': 'first' });
    await expect(pick(bytes, { ...turned, wanted: ['/a/three'] })).rejects.toThrow('500 bytes where at most 100');
  });

  test('cut anywhere it is Malformed', async () => {
    const bytes = archive(form, members);
    for (let length = 0; length < bytes.length; length += 1) {
      const picking = { wanted: ['/a/none'], members };
      await expect(pick(bytes.subarray(0, length), picking), `${length} bytes`).rejects.toThrow(Malformed);
    }
  });

  test('any file comes back: property', async () => {
    const data = fc.uint8Array({ maxLength: 40 });
    const names = fc.uniqueArray(fc.stringMatching(/^[a-z0-9._-]{1,20}$/), { minLength: 1, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(names, fc.array(data, { minLength: 6, maxLength: 6 }), async (paths, contents) => {
        const all = paths.map((path, index) => ({ path: `/d/${path}`, data: contents[index] ?? text('') }));
        const wanted = all.filter((_, index) => index % 2 === 0);
        const picking = { wanted: wanted.map(({ path }) => path), members: all, size: 13 };
        const { found } = await pick(archive(form, all), picking);
        expect(found).toEqual(Object.fromEntries(wanted.map(({ path, data }) => [path, Buffer.from(data).toString()])));
      }),
    );
  });
});

test.each<[string, Buffer]>([
  ['no cpio at all', Buffer.alloc(200, 'x')],
  ['another cpio', Buffer.from(`070707${'0'.repeat(200)}`)],
  ['a field that is no number', Buffer.from(`070701${'g'.repeat(200)}`)],
  ['a number with a sign', Buffer.from(`070701${'-0000001'.repeat(13)}${'0'.repeat(100)}`)],
  ['a name without end', Buffer.from(`070701${hex(1).repeat(11)}${hex(4)}${hex(0)}name\0\0\0\0`)],
  ['a name of no bytes', Buffer.from(`070701${hex(0).repeat(13)}${'\0'.repeat(100)}`)],
  ['a name of a megabyte', Buffer.from(`070701${hex(1).repeat(11)}${hex(1 << 20)}${hex(0)}${'n'.repeat(200)}`)],
  ['a number of no file', archive('07070X', [{ path: '/a', data: text('') }])],
])('%s is Malformed', async (_name, bytes) => {
  await expect(pick(bytes, { wanted: ['/a'] })).rejects.toThrow(Malformed);
});

test('a wanted file with another checksum is Malformed', async () => {
  const bytes = archive('070702', [{ path: '/a', data: text('abc'), check: 1 }]);
  await expect(pick(bytes, { wanted: ['/a'] })).rejects.toThrow('another checksum');
});
