// Both framings of RFC 6587 from streams that are cut anywhere, and that a hostile stream needs no memory.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { openFraming } from '../../../server/syslog/frames.ts';
import { LIMIT_MESSAGE_BYTES } from '../../../server/syslog/message.ts';

/** All messages of `text`, which arrives in pieces of `size` bytes. */
function messages(text: string, size = 1_000_000): readonly string[] {
  const bytes = Buffer.from(text);
  const framing = openFraming();
  const found: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += size) found.push(...framing.push(bytes.subarray(at, at + size)));
  found.push(...framing.end());
  return found.map((one) => Buffer.from(one).toString());
}

const long = 'x'.repeat(LIMIT_MESSAGE_BYTES);

describe('a stream', () => {
  test.each<[string, string, readonly string[]]>([
    ['of lines', '<1>a\n<2>b\n', ['<1>a', '<2>b']],
    ['that ends in the middle of a line', '<1>a\n<2>b', ['<1>a', '<2>b']],
    ['with CR LF, NULs and empty lines', '<1>a\r\n\n\0\n<2>b\0\n', ['<1>a', '<2>b']],
    ['of counted messages', '4 <1>a5 <2>bb', ['<1>a', '<2>bb']],
    ['of counted messages with line ends in them', '6 <1>a\nb3 c\n\n', ['<1>a\nb', 'c']],
    ['that ends in the middle of a counted message', '9 <1>a', ['<1>a']],
    ['that changes its framing', '4 <1>a<2>b\n4 <3>c', ['<1>a', '<2>b', '<3>c']],
    ['with a text that begins like a count', '14:00:05 x\n4 <1>a', ['14:00:05 x', '<1>a']],
    ['with more digits than a length has', '12345678 x\n', ['12345678 x']],
    ['with a count of nought', '0 x\n', ['0 x']],
    ['that ends in a count', '12', ['12']],
    ['with a line that is too long: cut, and read over', `${long}yyy\n<1>a\n`, [long, '<1>a']],
    ['with a message that is too long', `${LIMIT_MESSAGE_BYTES + 3} ${long}yyy4 <1>a`, [long, '<1>a']],
    ['of nothing', '', []],
  ])('%s', (_name, text, expected) => {
    expect(messages(text)).toEqual(expected);
    for (const size of [1, 2, 3, 7]) expect(messages(text, size)).toEqual(expected);
  });
});

test('what is counted comes out as it went in, however it is cut', () => {
  const message = fc.string({ minLength: 1, maxLength: 40, unit: fc.constantFrom('a', '<', '1', ' ', '\n', 'é') });
  const solid = message.map((text) => `${text}.`);
  fc.assert(
    fc.property(fc.array(solid, { maxLength: 8 }), fc.integer({ min: 1, max: 50 }), (texts, size) => {
      const stream = texts.map((text) => `${Buffer.byteLength(text)} ${text}`).join('');
      expect(messages(stream, size)).toEqual(texts);
    }),
  );
});

test('any bytes are taken, and no message is longer than the limit', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 9000 }), { maxLength: 4 }), (pieces) => {
      const framing = openFraming();
      const found = [...pieces.flatMap((piece) => framing.push(piece)), ...framing.end()];
      for (const one of found) expect(one.length).toBeLessThanOrEqual(LIMIT_MESSAGE_BYTES);
    }),
  );
});
