// What installers' log daemons send, read into severity, source and text; and that nothing at all is refused.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LIMIT_MESSAGE_BYTES, parseMessage } from '../../../server/syslog/message.ts';

const parse = (text: string) => parseMessage(Buffer.from(text));

describe('a message of', () => {
  test.each<[string, string, number, string, string]>([
    [
      'rsyslog 5 in RHEL 6, its forward format of old',
      '<14>Nov 22 14:00:05 localhost anaconda[412]: moving (1) to step enablefilesystems',
      6,
      'anaconda',
      'moving (1) to step enablefilesystems',
    ],
    [
      'the kernel, by rsyslog',
      '<6>Nov  2 14:00:05 localhost kernel: [    1.1] sda: sda1 sda2',
      6,
      'kernel',
      '[ 1.1] sda: sda1 sda2',
    ],
    [
      "rsyslog 8's RSYSLOG_ForwardFormat, a time as in RFC 3339",
      '<139>2026-11-22T14:00:05.123456+00:00 cs40 anaconda: packaging: no such group',
      3,
      'anaconda',
      'packaging: no such group',
    ],
    [
      'a name with characters beyond RFC 3164',
      '<30>Nov 22 14:00:05 host org.fedoraproject.Anaconda.Boss[8]: started',
      6,
      'org.fedoraproject.Anaconda.Boss',
      'started',
    ],
    ['a local logger, without a host', '<13>Nov 22 14:00:05 root: hello', 5, 'root', 'hello'],
    [
      'busybox, with neither time nor host',
      '<13>udhcpc: lease of 192.168.168.2 obtained',
      5,
      'udhcpc',
      'lease of 192.168.168.2 obtained',
    ],
    ['a day without padding', '<13>Nov 2 14:00:05 host a: b', 5, 'a', 'b'],
    ['a time and a host, without a tag', '<13>Nov 22 14:00:05 host no tag here', 5, '', 'no tag here'],
    ['a colon without a blank behind it', '<13>Nov 22 14:00:05 host a:b', 5, '', 'a:b'],
    [
      'RFC 5424, as logger writes it',
      '<13>1 2026-11-22T14:00:05.000001+00:00 host root - - [timeQuality tzKnown="1" isSynced="0"] hello',
      5,
      'root',
      'hello',
    ],
    [
      'RFC 5424 without structured data',
      '<165>1 2026-11-22T14:00:05Z host app 12 ID47 - \uFEFFhello',
      5,
      'app',
      'hello',
    ],
    [
      'RFC 5424 with brackets in a value',
      String.raw`<165>1 - host app - - [a@1 b="\"]\\"][c@1] text [x]`,
      5,
      'app',
      'text [x]',
    ],
    ['RFC 5424 without an app', '<165>1 - - - - - - text', 5, '', 'text'],
    ['RFC 5424 that ends with its data', '<165>1 - - app - - -', 5, 'app', ''],
    [
      'structured data that does not end: all of it is text',
      '<13>1 - host app - - [a b="',
      5,
      '',
      '1 - host app - - [a b="',
    ],
    [
      "anaconda's own socket handler, without a priority",
      '14:00:05,123 INFO anaconda: hello',
      5,
      '',
      '14:00:05,123 INFO anaconda: hello',
    ],
    ['a priority that is none', '<999>x', 5, '', '<999>x'],
    ['the highest priority', '<191>x: y', 7, 'x', 'y'],
    ['an address: no program', 'fe80::1 says hello', 5, '', 'fe80::1 says hello'],
    ['nothing', '', 5, '', ''],
    ['a priority alone', '<13>', 5, '', ''],
    ['a newline, an escape and a bell', '<13>a: one\ntwo\u001b[31m\u0007 three\r\n\0', 5, 'a', 'one two [31m  three'],
    ['letters of other scripts', '<13>a: größer 大', 5, 'a', 'größer 大'],
    ['writing turned around', '<13>a: x\u202Ey', 5, 'a', 'x y'],
    ['bytes in the name', '<13>a\u0007\u00e9b: x', 5, 'a??b', 'x'],
  ])('%s', (_name, text, severity, source, said) => {
    expect(parse(text)).toEqual({ severity, source, text: said.replace('[ 1.1]', '[    1.1]') });
  });

  test('bytes that are no UTF-8', () => {
    expect(parseMessage(Uint8Array.of(0x3c, 0x31, 0x33, 0x3e, 0xff, 0xfe, 0x41)).text).toBe('\uFFFD\uFFFDA');
  });
});

test('anything is read, into bounded text that no terminal obeys', () => {
  const junk = fc.oneof(
    fc.uint8Array({ maxLength: 12_000 }),
    fc
      .stringMatching(/^<\d{1,3}>(1 - \S{0,9} \S{0,9} - - (\[\S{0,20}\]?)* ?)?.{0,60}$/)
      .map((text) => Buffer.from(text)),
  );
  fc.assert(
    fc.property(junk, (bytes) => {
      const { severity, source, text } = parseMessage(bytes);
      expect(severity).toBeGreaterThanOrEqual(0);
      expect(severity).toBeLessThanOrEqual(7);
      expect(source).toMatch(/^[\x20-\x7e]{0,48}$/);
      expect(text).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e]/);
      expect(text.length).toBeLessThanOrEqual(LIMIT_MESSAGE_BYTES);
    }),
  );
});
