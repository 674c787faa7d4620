// The small rules of limits, of the ARP table and of other servers, as tables.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { fromNumber, parseIpv4, parseMac } from '../../../server/address.ts';
import { macLimiter, sayOnce } from '../../../server/dhcp/limits.ts';
import { decodePacket, encodePacket } from '../../../server/dhcp/packet.ts';
import { readArpTable } from '../../../server/dhcp/probe/arp.ts';
import { rogueWatch } from '../../../server/dhcp/rogues.ts';
import type { DhcpPacket } from '../../../server/dhcp/types.ts';
import { OthersWatch } from '../../../server/dhcp/watch/listener.ts';
import { describeServer, discover, joinOffers, type OtherServer, readOffer } from '../../../server/dhcp/wire/offers.ts';
import { quietLog } from '../../../server/log.ts';
import { ADA, BOB } from './lease-cases.ts';

describe('the limit of one MAC', () => {
  const limits = { perMacAtOnce: 3, perMacPerSecond: 2, macs: 2 };

  test('lets a boot through at once, then so many a second, and holds for that MAC alone', () => {
    const may = macLimiter(limits);
    expect([1, 2, 3, 4].map(() => may(ADA, 0))).toEqual([true, true, true, false]);
    expect(may(BOB, 0)).toBe(true);
    expect([may(ADA, 500), may(ADA, 500)]).toEqual([true, false]);
  });

  test('never lets more through than its rate, however it is asked', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(400), { maxLength: 80 }), (gaps) => {
        const may = macLimiter(limits);
        let now = 0;
        const passed = gaps.filter((gap) => may(ADA, (now += gap))).length;
        expect(passed).toBeLessThanOrEqual(limits.perMacAtOnce + (now / 1000) * limits.perMacPerSecond);
      }),
    );
  });

  test('is forgotten when others fill the memory: so many are remembered, and at most twice as many', () => {
    const may = macLimiter(limits);
    const asked = (): readonly boolean[] => [1, 2, 3, 4].map(() => may(ADA, 0));
    expect(asked()).toEqual([true, true, true, false]);
    may(BOB, 0);
    expect(may(ADA, 0)).toBe(false);
    for (let index = 0; index < 4; index += 1) may(parseMac(`02:00:00:00:00:0${index}`), 0);
    expect(asked()).toEqual([true, true, true, false]);
  });

  test('a clock set back gives nothing and breaks nothing', () => {
    const may = macLimiter(limits);
    for (const now of [5000, 5000, 5000]) may(ADA, now);
    expect([may(ADA, 1000), may(ADA, 2000)]).toEqual([false, true]);
  });
});

test('the same alarm is said once in its time, and a flood of different ones is cut', () => {
  const may = sayOnce(100, 2);
  expect([may('a', 0), may('a', 50), may('b', 60), may('c', 70), may('a', 100)]).toEqual([
    true,
    false,
    true,
    false,
    true,
  ]);
});

describe('other servers', () => {
  const server = parseIpv4('10.0.0.254');

  test('are reported once an hour, each in its own right, with when they were first seen', () => {
    const report = rogueWatch();
    const seen = { server, kind: 'dhcp', evidence: 'x' } as const;
    expect(report(seen, 1000)).toEqual({ ...seen, firstSeen: 1000 });
    expect(report(seen, 3_600_000)).toBeUndefined();
    expect(report({ ...seen, kind: 'boot' }, 3_600_000)).toBeDefined();
    expect(report(seen, 3_601_000)).toEqual({ ...seen, firstSeen: 1000 });
  });

  test('cannot fill the memory with invented names', () => {
    const report = rogueWatch();
    const told = Array.from({ length: 5000 }, (_, index) =>
      report({ server: fromNumber(index), kind: 'dhcp', evidence: '' }, 0),
    ).filter((rogue) => rogue !== undefined);
    expect(told).toHaveLength(256);
  });

  test('are reported again an hour after invented names filled the memory', () => {
    const report = rogueWatch();
    for (let index = 1; index <= 300; index += 1)
      report({ server: fromNumber(index), kind: 'dhcp', evidence: '' }, index);
    expect(report({ server, kind: 'dhcp', evidence: '' }, 1000)).toBeUndefined();
    expect(report({ server, kind: 'dhcp', evidence: '' }, 3_601_000)).toBeDefined();
  });

  test('that answer us are reported whatever clients say of others: anybody can send a REQUEST', () => {
    const reported: string[] = [];
    const watch = new OthersWatch({
      ...{ mode: 'server', find: async () => [], everyMs: 1, log: quietLog },
      onRogue: (rogue) => reported.push(rogue.evidence),
    });
    for (let index = 1; index <= 300; index += 1) watch.taken(fromNumber(index), ADA, 1000);
    watch.offered({ server, offered: fromNumber(7), nextServer: undefined, bootFile: undefined }, 1000);
    expect(reported.at(-1)).toContain('10.0.0.254');
  });

  const offer = (
    change: Partial<DhcpPacket>,
    options: readonly (readonly [number, Uint8Array])[] = [],
  ): DhcpPacket => ({
    ...discover({ mac: ADA, xid: 7, relay: undefined, asks: 'address' }),
    ...{ op: 'reply', options: new Map([[53, Uint8Array.of(2)], ...options]) },
    ...change,
  });
  const id = [54, Uint8Array.of(10, 0, 0, 254)] as const;
  const nothing = { server, offered: undefined, nextServer: undefined, bootFile: undefined };

  test.each<[string, DhcpPacket, OtherServer | undefined]>([
    ['a lease', offer({ yiaddr: parseIpv4('10.0.0.5') }, [id]), { ...nothing, offered: parseIpv4('10.0.0.5') }],
    ['a boot file in the header', offer({ file: 'a.0' }, [id]), { ...nothing, bootFile: 'a.0' }],
    [
      'a boot file as an option',
      offer({ file: 'a.0' }, [id, [67, Buffer.from('b.0\0')]]),
      { ...nothing, bootFile: 'b.0' },
    ],
    [
      'a hostile boot file',
      offer({ file: `\u001b[2J${'x'.repeat(99)}` }, [id]),
      { ...nothing, bootFile: `?[2J${'x'.repeat(99)}` },
    ],
    ['no identifier but siaddr', offer({ siaddr: server }), { ...nothing, nextServer: server }],
    ['no name at all', offer({}), undefined],
    ["another's transaction", offer({ xid: 8 }, [id]), undefined],
    ['an ACK', offer({ options: new Map([[53, Uint8Array.of(5)], id]) }), undefined],
    ['a request', offer({ op: 'request' }, [id]), undefined],
  ])('are read from an OFFER: %s', (_title, packet, expected) => {
    expect(readOffer(packet, new Set([7]))).toEqual(expected);
  });

  test('are named with all that they offered', () => {
    const found = joinOffers([
      { ...nothing, offered: parseIpv4('10.0.0.5') },
      { ...nothing, offered: parseIpv4('10.0.0.6'), nextServer: parseIpv4('10.0.0.9'), bootFile: 'a.0' },
      { ...nothing, server: parseIpv4('10.0.0.9') },
    ]);
    expect(found.map(describeServer)).toEqual([
      '10.0.0.254 (offers 10.0.0.5 and the boot file a.0 from 10.0.0.9)',
      '10.0.0.9',
    ]);
  });

  test.each(['address', 'boot'] as const)(
    'are asked for %s in a message that comes through the codec whole',
    (asks) => {
      const sent = discover({ mac: ADA, xid: 7, relay: parseIpv4('10.0.0.1'), asks });
      const read = decodePacket(encodePacket(sent));
      expect(read).toEqual({ ...sent, options: read.options });
      expect(new Map([...read.options].map(([code, bytes]) => [code, [...bytes]]))).toEqual(
        new Map([...sent.options].map(([code, bytes]) => [code, [...bytes]])),
      );
    },
  );
});

test('the ARP table: complete entries of Ethernet only', () => {
  const table = readArpTable(
    [
      'IP address       HW type     Flags       HW address            Mask     Device',
      '10.0.0.5         0x1         0x2         02:aa:00:00:00:01     *        eth0',
      '10.0.0.6         0x1         0x0         00:00:00:00:00:00     *        eth0',
      '10.0.0.7         0x1         0x6         02:BB:00:00:00:02     *        eth0',
      '10.0.0.8         0x20        0x2         80:00:02:08:fe:80:00:00:00:00:00:00:00:11:22:33:44:55:66:77     *        ib0',
      '10.0.0.5         0x1         0x2         02:bb:00:00:00:02     *        eth1',
      'nonsense',
      '',
    ].join('\n'),
  );
  expect(table).toEqual(
    new Map([
      ['10.0.0.5', [ADA, BOB]],
      ['10.0.0.7', [BOB]],
    ]),
  );
});
