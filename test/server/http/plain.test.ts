// Which requests need no parser: the table, and that nothing is ever read differently than node:http reads it.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readPlainRequest } from '../../../server/http/plain.ts';

const read = (text: string): unknown => readPlainRequest(Buffer.from(text, 'latin1'));
const LINE = 'GET /repos/a/b.rpm HTTP/1.1\r\n';
const HOST = 'Host: h\r\n';

describe('a plain request', () => {
  test.each([
    ['the least there is', `${LINE}${HOST}\r\n`],
    ["curl's", `${LINE}${HOST}User-Agent: curl/7.88.1\r\nAccept: */*\r\n\r\n`],
    ["librepo's", `${LINE}${HOST}User-Agent: libdnf (Rocky Linux 9.4; generic; Linux.x86_64)\r\nAccept: */*\r\n\r\n`],
    ["yum 3's", `${LINE}User-Agent: urlgrabber/3.9.1 yum/3.2.29\r\n${HOST}Accept: */*\r\nPragma: no-cache\r\n\r\n`],
    ['one that is to be kept', `${LINE}${HOST}Connection: Keep-Alive\r\n\r\n`],
    ['no space after a colon, names in any case', `${LINE}HOST:h\r\naCCEPT:*/*\r\n\r\n`],
    ['bytes above ASCII in a value', `${LINE}${HOST}User-Agent: \u00e9\u00ff\r\n\r\n`],
  ])('%s', (_what, text) => {
    expect(read(text)).toEqual({ method: 'GET', target: '/repos/a/b.rpm' });
  });

  test('HEAD, with a query and escapes as they came', () => {
    expect(read(`HEAD /a%20b?x=%00&y HTTP/1.1\r\n${HOST}\r\n`)).toEqual({ method: 'HEAD', target: '/a%20b?x=%00&y' });
  });
});

describe('left to the parser', () => {
  test.each([
    ['nothing', ''],
    ['no end', `${LINE}${HOST}`],
    ['half an end', `${LINE}${HOST}\r`],
    ['a second request behind it', `${LINE}${HOST}\r\n${LINE}${HOST}\r\n`],
    ['a byte behind it', `${LINE}${HOST}\r\nx`],
    ['an empty line before it', `\r\n${LINE}${HOST}\r\n`],
    ['no Host', `${LINE}\r\n`],
    ['two Hosts', `${LINE}${HOST}${HOST}\r\n`],
    ['HTTP/1.0', `GET / HTTP/1.0\r\n${HOST}\r\n`],
    ['HTTP/1.10', `GET / HTTP/1.10\r\n${HOST}\r\n`],
    ['POST', `POST / HTTP/1.1\r\n${HOST}\r\n`],
    ['another spelling of GET', `get / HTTP/1.1\r\n${HOST}\r\n`],
    ['absolute form', `GET http://h/x HTTP/1.1\r\n${HOST}\r\n`],
    ['a space in the target', `GET /a b HTTP/1.1\r\n${HOST}\r\n`],
    ['two spaces', `GET  / HTTP/1.1\r\n${HOST}\r\n`],
    ['a target above ASCII', `GET /\u00e9 HTTP/1.1\r\n${HOST}\r\n`],
    ['a control character in the target', `GET /\u0001 HTTP/1.1\r\n${HOST}\r\n`],
    ['bare LF at the line', `GET / HTTP/1.1\n${HOST}\r\n`],
    ['bare LF at a field', `${LINE}Host: h\nAccept: x\r\n\r\n`],
    ['bare CR in a value', `${LINE}${HOST}Accept: a\rb\r\n\r\n`],
    ['NUL in a value', `${LINE}${HOST}Accept: a\u0000\r\n\r\n`],
    ['a folded line', `${LINE}${HOST}Accept: a\r\n b\r\n\r\n`],
    ['a field without a colon', `${LINE}${HOST}Accept\r\n\r\n`],
    ['a space before a colon', `${LINE}${HOST}Accept : x\r\n\r\n`],
    ['a field without a name', `${LINE}${HOST}: x\r\n\r\n`],
    ['the end of the connection asked for', `${LINE}${HOST}Connection: close\r\n\r\n`],
    ['more than keep-alive', `${LINE}${HOST}Connection: keep-alive, Upgrade\r\n\r\n`],
    ['a body', `${LINE}${HOST}Content-Length: 1\r\n\r\nx`],
    ['a body of no bytes', `${LINE}${HOST}Content-Length: 0\r\n\r\n`],
    ['a body in chunks', `${LINE}${HOST}Transfer-Encoding: chunked\r\n\r\n`],
    ['a body to be waited for', `${LINE}${HOST}Expect: 100-continue\r\n\r\n`],
    ['another protocol', `${LINE}${HOST}Upgrade: h2c\r\n\r\n`],
    ['a range', `${LINE}${HOST}Range: bytes=0-1\r\n\r\n`],
    ['a condition', `${LINE}${HOST}If-None-Match: "x"\r\n\r\n`],
    ['a field nobody knows', `${LINE}${HOST}X-System-Serial-Number: 1\r\n\r\n`],
    ['more than plain ones are', `${LINE}${HOST}Accept: ${'a'.repeat(5000)}\r\n\r\n`],
  ])('%s', (_what, text) => {
    expect(read(text)).toBeUndefined();
  });

  test('any bytes at all are read or left, never a throw, and a request is never cut short', () => {
    const piece = fc.constantFrom(
      LINE,
      HOST,
      '\r\n',
      '\n',
      '\r',
      'Accept: a',
      'Content-Length: 3',
      ':',
      ' ',
      'x',
      'GET ',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const text = pieces.join('');
        if (read(text) === undefined) return;
        expect(text.indexOf('\r\n\r\n')).toBe(text.length - 4);
        expect(text.startsWith(LINE)).toBe(true);
        expect(text).not.toMatch(/content-length|[^\r]\n|\r[^\n]/i);
      }),
      { numRuns: 2000 },
    );
  });
});
