// GET, HEAD, range and conditional requests answered as express.static does; where we differ on purpose, the row says why.

import type { IncomingHttpHeaders } from 'node:http';
import { utimes } from 'node:fs/promises';
import { join } from 'node:path';
import express from 'express';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Answer, Running } from './rig.ts';
import { ask, makeDirectory, patternBytes, removeDirectory, serve, serveContent } from './rig.ts';

type Seen = { readonly etag: string; readonly modified: string };
type Row = {
  readonly what: string;
  readonly path?: string;
  readonly method?: string;
  /** Headers may need the validators that the server in question gave. */
  readonly headers?: (seen: Seen) => Record<string, string>;
  /** Where we differ: our status, and why. */
  readonly ours?: readonly [status: number, why: string];
};

const EARLIER = 'Thu, 01 Jan 1998 00:00:00 GMT';
const LATER = 'Fri, 01 Jan 2021 00:00:00 GMT';
const range = (value: string) => () => ({ Range: value });

const ROWS: readonly Row[] = [
  { what: 'a file' },
  { what: 'HEAD of a file', method: 'HEAD' },
  { what: 'an empty file', path: '/empty' },
  { what: 'HEAD of an empty file', path: '/empty', method: 'HEAD' },
  { what: 'a large file', path: '/large.iso' },
  { what: 'a dot file', path: '/.treeinfo' },
  { what: 'a name with +', path: '/a+b.rpm' },
  { what: 'a name with + escaped', path: '/a%2Bb.rpm' },
  { what: 'a name with a space', path: '/dir/a%20b' },
  { what: 'a query', path: '/file.rpm?x=1' },
  { what: 'a missing file', path: '/missing' },
  { what: 'HEAD of a missing file', path: '/missing', method: 'HEAD' },
  { what: 'a path below a file', path: '/file.rpm/x' },
  { what: 'a file with a slash at its end', path: '/file.rpm/' },
  { what: 'a directory', path: '/dir/', ours: [200, 'a listing for people'] },
  { what: 'a directory without its slash', path: '/dir', ours: [200, 'a listing, never a redirect'] },
  { what: 'NUL in the path', path: '/a%00b' },
  { what: 'bad escape', path: '/%zz' },
  { what: 'escaped climb', path: '/%2e%2e/x', ours: [400, 'refused as unreadable'] },

  { what: 'first byte', headers: range('bytes=0-0') },
  { what: 'a middle', headers: range('bytes=100-199') },
  { what: 'across a chunk', path: '/large.iso', headers: range('bytes=262100-262200') },
  { what: 'from the middle on', path: '/large.iso', headers: range('bytes=300000-') },
  { what: 'the last byte', headers: range('bytes=-1') },
  { what: 'a suffix longer than the file', headers: range('bytes=-99999'), ours: [206, 'RFC 9110 §14.1.2: all of it'] },
  { what: 'an end beyond the file', headers: range('bytes=900-99999') },
  { what: 'a start at the end', headers: range('bytes=1000-') },
  { what: 'a start beyond the end', headers: range('bytes=5000-6000') },
  { what: 'overlapping ranges', headers: range('bytes=0-9,5-14') },
  { what: 'malformed range', headers: range('bytes=a-b') },
  { what: 'range turned round', headers: range('bytes=5-4'), ours: [200, 'RFC 9110 §14.1.1: invalid, so ignored'] },
  { what: 'another unit', headers: range('lines=0-1') },
  { what: 'range of HEAD', method: 'HEAD', headers: range('bytes=0-9'), ours: [200, 'RFC 9110 §14.2: only of GET'] },
  { what: 'range of an empty file', path: '/empty', headers: range('bytes=0-'), ours: [200, 'nothing is missing'] },
  { what: 'several ranges', headers: range('bytes=0-1,5-6'), ours: [206, 'multipart/byteranges, as zchunk needs'] },
  { what: 'neighbouring ranges', headers: range('bytes=0-4,5-9'), ours: [206, 'asked apart, sent apart'] },

  { what: 'If-None-Match the tag', headers: ({ etag }) => ({ 'If-None-Match': etag }) },
  { what: 'If-None-Match a list', headers: ({ etag }) => ({ 'If-None-Match': `"x", ${etag}` }) },
  { what: 'If-None-Match *', headers: () => ({ 'If-None-Match': '*' }) },
  { what: 'If-None-Match another', headers: () => ({ 'If-None-Match': '"x"' }) },
  { what: 'HEAD If-None-Match', method: 'HEAD', headers: ({ etag }) => ({ 'If-None-Match': etag }) },
  { what: 'If-Modified-Since its date', headers: ({ modified }) => ({ 'If-Modified-Since': modified }) },
  { what: 'If-Modified-Since later', headers: () => ({ 'If-Modified-Since': LATER }) },
  { what: 'If-Modified-Since earlier', headers: () => ({ 'If-Modified-Since': EARLIER }) },
  { what: 'If-Modified-Since no date', headers: () => ({ 'If-Modified-Since': 'x' }) },
  {
    what: 'If-None-Match wins over If-Modified-Since',
    headers: ({ modified }) => ({ 'If-None-Match': '"x"', 'If-Modified-Since': modified }),
  },
  { what: 'If-Match the tag', headers: ({ etag }) => ({ 'If-Match': etag }) },
  { what: 'If-Match another', headers: () => ({ 'If-Match': '"x"' }) },
  { what: 'If-Match *', headers: () => ({ 'If-Match': '*' }) },
  { what: 'If-Unmodified-Since its date', headers: ({ modified }) => ({ 'If-Unmodified-Since': modified }) },
  { what: 'If-Unmodified-Since earlier', headers: () => ({ 'If-Unmodified-Since': EARLIER }) },
  { what: 'If-Range the tag', headers: ({ etag }) => ({ Range: 'bytes=0-9', 'If-Range': etag }) },
  { what: 'If-Range another tag', headers: () => ({ Range: 'bytes=0-9', 'If-Range': '"x"' }) },
  { what: 'If-Range its date', headers: ({ modified }) => ({ Range: 'bytes=0-9', 'If-Range': modified }) },
  { what: 'If-Range an earlier date', headers: () => ({ Range: 'bytes=0-9', 'If-Range': EARLIER }) },
  {
    what: 'If-Range a later date',
    headers: () => ({ Range: 'bytes=0-9', 'If-Range': LATER }),
    ours: [200, 'RFC 9110 §13.1.5: an exact match is asked for'],
  },
  { what: 'If-Range stale and no byte there', headers: () => ({ Range: 'bytes=5000-', 'If-Range': '"x"' }) },
  {
    what: 'resuming as EDK2 does',
    headers: ({ etag, modified }) => ({ Range: 'bytes=500-', 'If-Match': etag, 'If-Unmodified-Since': modified }),
  },
];

describe('against express.static', () => {
  let root = '';
  let ours: Running;
  let theirs: Running;

  beforeAll(async () => {
    root = await makeDirectory({
      'file.rpm': patternBytes(1000),
      'large.iso': patternBytes(600_000),
      'a+b.rpm': 'plus',
      'dir/a b': 'space',
      '.treeinfo': '[general]',
      empty: '',
    });
    for (const name of ['file.rpm', 'large.iso', 'empty']) {
      await utimes(join(root, name), new Date(1_000_000_000_400), new Date(1_000_000_000_400));
    }
    const app = express();
    app.use(
      '/repos/base',
      express.static(root, { dotfiles: 'allow', redirect: false, index: false, fallthrough: false }),
    );
    [ours, theirs] = [await serveContent(root), await serve(app)];
  });

  afterAll(async () => {
    await ours.close();
    await theirs.close();
    await removeDirectory(root);
  });

  const answerOf = async (port: number, row: Row): Promise<Answer> => {
    const plain = await ask(port, '/repos/base/file.rpm');
    const seen = { etag: plain.headers.etag ?? '', modified: plain.headers['last-modified'] ?? '' };
    return await ask(port, `/repos/base${row.path ?? '/file.rpm'}`, {
      method: row.method ?? 'GET',
      headers: row.headers?.(seen) ?? {},
    });
  };

  test.each(ROWS.filter((row) => row.ours === undefined))('the same: $what', async (row) => {
    const [mine, reference] = [await answerOf(ours.port, row), await answerOf(theirs.port, row)];
    expect(comparable(mine)).toEqual(comparable(reference));
  });

  test.each(ROWS.filter((row) => row.ours !== undefined))('on purpose not the same: $what', async (row) => {
    const [mine, reference] = [await answerOf(ours.port, row), await answerOf(theirs.port, row)];
    expect(mine.status).toBe(row.ours?.[0]);
    expect(comparable(mine)).not.toEqual(comparable(reference));
  });

  test('the tag is strong where theirs is weak', async () => {
    expect((await ask(ours.port, '/repos/base/file.rpm')).headers.etag).toMatch(/^"/);
    expect((await ask(theirs.port, '/repos/base/file.rpm')).headers.etag).toMatch(/^W\/"/);
  });
});

/** What must agree. The bodies and types of errors are each server's own; 412 and 416 keep the file's headers in neither. */
function comparable({ status, headers, body }: Answer): unknown {
  if (status >= 400) return { status, range: headers['content-range'] };
  const kept = ['content-length', 'content-range', 'last-modified', 'accept-ranges', 'content-encoding'] as const;
  const some = Object.fromEntries(kept.map((name: keyof IncomingHttpHeaders) => [name, headers[name]]));
  return { status, ...some, body: body.toString('base64') };
}
