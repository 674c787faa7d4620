// The planned answer's rules that need no server: conditions, dates, tags, and what every answer carries.

import { describe, expect, test } from 'vitest';
import { evaluateConditions, parseHttpDate, rangeStillApplies } from '../../../mirror/content/conditions.ts';
import { contentTypeOf } from '../../../mirror/content/media.ts';
import { etagOf, planResponse } from '../../../mirror/content/response.ts';

const MODIFIED = Date.UTC(1994, 10, 6, 8, 49, 37) + 640;
const NOW = Date.UTC(2026, 0, 1);
const DATE = 'Sun, 06 Nov 1994 08:49:37 GMT';
const EARLIER = 'Sun, 06 Nov 1994 08:49:36 GMT';
const LATER = 'Sun, 06 Nov 1994 08:49:38 GMT';
const V = { etag: '"a,b"', modifiedMs: MODIFIED };

describe('conditions (RFC 9110 §13)', () => {
  test.each([
    ['nothing asked', {}, 'proceed'],
    ['If-Match names the tag', { 'if-match': '"x", "a,b"' }, 'proceed'],
    ['If-Match *', { 'if-match': '*' }, 'proceed'],
    ['If-Match names others', { 'if-match': '"x", "a", "b"' }, 'failed'],
    ['If-Match compares strongly', { 'if-match': 'W/"a,b"' }, 'failed'],
    ['If-Match comes before If-Unmodified-Since', { 'if-match': '"a,b"', 'if-unmodified-since': EARLIER }, 'proceed'],
    ['unmodified since its own date', { 'if-unmodified-since': DATE }, 'proceed'],
    ['modified since', { 'if-unmodified-since': EARLIER }, 'failed'],
    ['a date that is none is ignored', { 'if-unmodified-since': 'yesterday' }, 'proceed'],
    ['If-None-Match names the tag', { 'if-none-match': '"x","a,b"' }, 'not-modified'],
    ['If-None-Match compares weakly', { 'if-none-match': 'W/"a,b"' }, 'not-modified'],
    ['If-None-Match *', { 'if-none-match': ' * ' }, 'not-modified'],
    ['If-None-Match names others', { 'if-none-match': '"x"' }, 'proceed'],
    ['If-None-Match comes before If-Modified-Since', { 'if-none-match': '"x"', 'if-modified-since': LATER }, 'proceed'],
    ['not modified since its own date', { 'if-modified-since': DATE }, 'not-modified'],
    ['not modified since later', { 'if-modified-since': LATER }, 'not-modified'],
    ['modified since earlier', { 'if-modified-since': EARLIER }, 'proceed'],
    ['412 comes before 304', { 'if-match': '"x"', 'if-none-match': '"a,b"' }, 'failed'],
  ])('%s', (_, headers, expected) => {
    expect(evaluateConditions(headers, V)).toBe(expected);
  });

  test.each([
    ['no If-Range', undefined, true],
    ['the tag', '"a,b"', true],
    ['another tag', '"x"', false],
    ['the tag, weak', 'W/"a,b"', false],
    ['the date', DATE, true],
    ['an earlier date', EARLIER, false],
    ['a later date: it is not this version either', LATER, false],
    ['no date', 'x', false],
  ])('If-Range: %s', (_, header, expected) => {
    expect(rangeStillApplies(header === undefined ? {} : { 'if-range': header }, V)).toBe(expected);
  });

  test.each([
    [DATE, 784111777],
    ['Sunday, 06-Nov-94 08:49:37 GMT', 784111777],
    ['Sun Nov  6 08:49:37 1994', 784111777],
    ['Thu, 01 Jan 1970 00:00:00 GMT', 0],
    ['Sun, 06 Foo 1994 08:49:37 GMT', undefined],
    ['Sun, 06 Nov 1994 08:49:37 +0100', undefined],
    ['1994-11-06', undefined],
    ['784111777', undefined],
    ['', undefined],
  ])('HTTP-date %s', (text, expected) => {
    expect(parseHttpDate(text)).toBe(expected);
  });
});

const CONTENT = { sizeBytes: 10, modifiedMs: MODIFIED, etag: '"t"', contentType: 'application/x-rpm' };
const request = (method: string, headers: Record<string, string> = {}) => ({
  method,
  headers,
  nowMs: NOW,
  boundary: 'B',
});

describe('planResponse', () => {
  test('a whole file', () => {
    expect(planResponse(request('GET'), CONTENT)).toEqual({
      status: 200,
      headers: {
        'Accept-Ranges': 'bytes',
        'Cache-Control': 'no-cache',
        'Content-Length': '10',
        'Content-Security-Policy': "default-src 'none'; sandbox allow-downloads",
        'Content-Type': 'application/x-rpm',
        ETag: '"t"',
        'Last-Modified': DATE,
        'X-Content-Type-Options': 'nosniff',
      },
      body: [{ kind: 'slice', offset: 0, length: 10 }],
    });
  });

  test('HEAD has the headers of GET and no body', () => {
    const get = planResponse(request('GET'), CONTENT);
    expect(planResponse(request('HEAD'), CONTENT)).toEqual({ ...get, body: [] });
  });

  test('several ranges are parts of a multipart body, and its length is counted', () => {
    const plan = planResponse(request('GET', { range: 'bytes=0-1,5-6' }), CONTENT);
    expect(plan.headers['Content-Type']).toBe('multipart/byteranges; boundary=B');
    expect(plan.body).toEqual([
      { kind: 'text', text: '\r\n--B\r\nContent-Type: application/x-rpm\r\nContent-Range: bytes 0-1/10\r\n\r\n' },
      { kind: 'slice', offset: 0, length: 2 },
      { kind: 'text', text: '\r\n--B\r\nContent-Type: application/x-rpm\r\nContent-Range: bytes 5-6/10\r\n\r\n' },
      { kind: 'slice', offset: 5, length: 2 },
      { kind: 'text', text: '\r\n--B--\r\n' },
    ]);
    expect(plan.headers['Content-Length']).toBe(String(2 * 71 + 2 * 2 + 9));
  });

  test('a modification time in the future, or none that is a time, makes no Last-Modified', () => {
    for (const modifiedMs of [NOW + 1, Number.NaN, -1, undefined]) {
      const plan = planResponse(request('GET', { 'if-modified-since': 'Fri, 01 Jan 2100 00:00:00 GMT' }), {
        ...CONTENT,
        modifiedMs,
      });
      expect([plan.status, plan.headers['Last-Modified']]).toEqual([200, undefined]);
    }
  });

  test.each(['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE', 'PROPFIND', 'get'])(
    '%s is not allowed',
    (method) => {
      const plan = planResponse(request(method), CONTENT);
      expect([plan.status, plan.headers['Allow'], plan.headers['Connection']]).toEqual([405, 'GET, HEAD', 'close']);
    },
  );
});

describe('names and tags', () => {
  test.each([
    ['a.rpm', 'application/x-rpm'],
    ['repomd.xml', 'application/xml'],
    ['primary.xml.gz', 'application/gzip'],
    ['BOOTX64.EFI', 'application/efi'],
    ['x.iso', 'application/x-iso9660-image'],
    ['vmlinuz', 'application/octet-stream'],
    ['a.constructor', 'application/octet-stream'],
    ['.treeinfo', 'text/plain; charset=utf-8'],
  ])('%s is %s', (name, expected) => {
    expect(contentTypeOf(name)).toBe(expected);
  });

  test('a tag tells apart inode, time, place in the file and size', () => {
    const base = { inode: 7n, modifiedNs: 1n, offset: 0, sizeBytes: 5 };
    const tags = [
      base,
      { ...base, inode: 8n },
      { ...base, modifiedNs: 2n },
      { ...base, offset: 1 },
      { ...base, sizeBytes: 6 },
    ];
    expect(new Set(tags.map(etagOf)).size).toBe(5);
    expect(etagOf(base)).toMatch(/^"[\da-z-]+"$/);
  });
});
