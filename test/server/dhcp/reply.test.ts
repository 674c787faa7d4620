// Checks by rule what clients are answered and where the answer goes. captured.test.ts has whole answers to real clients.

import { describe, expect, test } from 'vitest';

import { decodePacket } from '../../../server/dhcp/packet.ts';
import { planReply } from '../../../server/dhcp/reply.ts';
import type { Datagram, DhcpAnswer, DhcpPacket, DhcpRequest } from '../../../server/dhcp/types.ts';
import { isNo } from '../../../server/malformed.ts';
import { booting, bootServer, INFORMED, ip, lease, NETWORK, proxy, REFUSED, request, type Value } from './messages.ts';
import { hex } from './samples.ts';

const URL = 'http://192.0.2.1/boot/ipxe';
const NONE = { kind: 'none', reason: 'cs40 is not armed' } as const;

function planned(request: DhcpRequest, answer: DhcpAnswer): Datagram {
  const reply = planReply(request, answer);
  if (isNo(reply)) throw new Error(reply.reason);
  return reply;
}

const replied = (request: DhcpRequest, answer: DhcpAnswer): DhcpPacket => decodePacket(planned(request, answer).bytes);

/** What a firmware looks at: `60=… 43=… file=… …`, only what is there. */
function bootPart({ siaddr, sname, file, options }: DhcpPacket): string {
  const text = (code: number): string | undefined => {
    const value = options.get(code);
    return value && Buffer.from(value).toString('latin1').replaceAll('\0', '|');
  };
  const bytes = (code: number): string | undefined => {
    const value = options.get(code);
    return value && Buffer.from(value).toString('hex');
  };
  const marks = [`60=${text(60)}`, `43=${bytes(43)}`, `66=${text(66)}`, `67=${text(67)}`, `175=${bytes(175)}`];
  const header = [`sname=${sname}`, `file=${file}`, siaddr === '0.0.0.0' ? '=' : 'siaddr'];
  return [...marks, ...header].filter((part) => !/=(?:undefined)?$/.test(part)).join(' ');
}

describe('how each firmware is told what to boot', () => {
  const MARKED = '60=PXEClient 43=060108ff';
  const name = (file: string): string => `66=192.0.2.1 67=${file}| sname=192.0.2.1 file=${file} siaddr`;
  const script = `66=192.0.2.1 67=${URL}|`;
  const headers = `sname=192.0.2.1 file=${URL} siaddr`;
  const ipxe = { 77: 'iPXE' };
  test.each<readonly [string, DhcpRequest, DhcpAnswer, string]>([
    ['BIOS, by a proxy', request(booting(1, 0)), proxy('a.0'), `${MARKED} ${name('a.0')}`],
    ['UEFI, by a proxy: no 43', request(booting(1, 7)), proxy('a.efi'), `60=PXEClient ${name('a.efi')}`],
    ['UEFI, port 4011: no 43', request(booting(3, 7)), bootServer('a.efi'), `60=PXEClient ${name('a.efi')}`],
    ['BIOS, port 4011', request(booting(3, 0)), bootServer('a.0'), `${MARKED} ${name('a.0')}`],
    ['BIOS, with the lease', request(booting(1, 0)), lease('offer', 'a.0'), `${MARKED} ${name('a.0')}`],
    ['UEFI, with the lease: neither', request(booting(1, 7)), lease('offer', 'a.efi'), name('a.efi')],
    ['iPXE on BIOS, by a proxy', request(booting(1, 0, ipxe)), proxy(URL), `${MARKED} ${script} ${headers}`],
    ['iPXE on UEFI, by a proxy', request(booting(1, 7, ipxe)), proxy(URL), `60=PXEClient ${script} ${headers}`],
    [
      'iPXE on BIOS, with the lease',
      request(booting(1, 0, ipxe)),
      lease('ack', URL),
      `${MARKED} ${script} 175=b00101 ${headers}`,
    ],
    [
      'iPXE on UEFI, with the lease',
      request(booting(1, 7, ipxe)),
      lease('ack', URL),
      `60=PXEClient ${script} 175=b00101 ${headers}`,
    ],
    [
      'HTTP boot, by a proxy: no TFTP server',
      request(booting(1, 16)),
      proxy(URL),
      `60=HTTPClient 67=${URL}| file=${URL} siaddr`,
    ],
    [
      'HTTP boot, with the lease',
      request(booting(1, 16)),
      lease('ack', URL),
      `60=HTTPClient 67=${URL}| file=${URL} siaddr`,
    ],
    ['nothing to boot: a lease alone', request(booting(1, 7)), { ...lease('offer'), boot: NONE }, ''],
    ['no network boot asked: a lease alone', request({ 53: 1 }), lease('offer', 'a.0'), ''],
  ])('%s', (_rule, asked, answer, wanted) => {
    expect(bootPart(replied(asked, answer))).toBe(wanted);
  });

  test.each([
    [127, true],
    [128, false],
  ])('a URL of %i characters stands in the header: %s; in option 67 always', (length, isThere) => {
    const url = `http://192.0.2.1/${'u'.repeat(length - 17)}`;
    const { file, options } = replied(request(booting(1, 16)), proxy(url));
    expect(file).toBe(isThere ? url : '');
    expect(Buffer.from(options.get(67) ?? []).toString()).toBe(`${url}\0`);
  });

  test('a URL longer than an option reaches a client that takes long messages', () => {
    const url = `http://192.0.2.1/${'u'.repeat(400)}`;
    const { options } = replied(request(booting(1, 16, { 57: [5, 0xc0] })), lease('ack', url));
    expect(Buffer.from(options.get(67) ?? []).toString()).toBe(`${url}\0`);
  });

  test.each([
    ['the item chosen from a menu comes back', '08 07 8005 01 c0000205  47 04 8005 0000  ff', '470480050000ff'],
    ['behind padding too', '00 47 04 0001 0000', '470400010000ff'],
    ['an item that is cut off does not', '47 04 0001', undefined],
    ['nor one behind the end', 'ff 47 04 0001 0000', undefined],
    ['no item', '', undefined],
  ])('on port 4011 %s', (_rule, vendor, wanted) => {
    const { options } = replied(request(booting(3, 7, { 43: hex(vendor) })), bootServer('a.efi'));
    const item = options.get(43);
    expect(item && Buffer.from(item).toString('hex')).toBe(wanted);
  });
});

describe('who is not answered, and why', () => {
  test.each<readonly [string, DhcpRequest, DhcpAnswer, RegExp]>([
    ['proxy: REQUEST goes to the server that was chosen', request(booting(3, 7)), proxy('a'), /DHCP server/],
    ['proxy: INFORM too', request(booting(8, 7)), proxy('a'), /DHCP server/],
    ['proxy: nothing to boot', request(booting(1, 7)), { ...proxy(), boot: NONE }, /cs40 is not armed/],
    ['proxy: no network boot asked', request({ 53: 1 }), proxy(), /does not ask for network boot/],
    ['port 4011: nothing to boot', request(booting(3, 7)), { ...bootServer(), boot: NONE }, /cs40 is not armed/],
    ['port 4011: no network boot asked', request({ 53: 3 }), bootServer(), /does not ask for network boot/],
    [
      'port 4011: another boot server',
      request(booting(3, 7, { 54: [192, 0, 2, 9] })),
      bootServer('a'),
      /boot server 192.0.2.9/,
    ],
    ['RELEASE', request({ 53: 7 }), lease('ack'), /release is not answered/],
    ['DECLINE', request({ 53: 4 }), lease('ack'), /decline is not answered/],
  ])('%s', (_rule, asked, answer, reason) => {
    expect(planReply(asked, answer)).toMatchObject({ kind: 'no', reason: expect.stringMatching(reason) });
  });

  test('port 4011: our own identifier is no other server’s', () => {
    expect(isNo(planReply(request(booting(3, 7, { 54: [192, 0, 2, 1] })), bootServer('a')))).toBe(false);
  });
});

describe('where the answer goes (RFC 2131 §4.1)', () => {
  const from = (address: string, port: number): Pick<DhcpAnswer, 'from'> => ({ from: { address, port } });
  const at = ip('192.0.2.9');
  const nak = request({ 53: 3 }, { ciaddr: at });
  test.each<readonly [string, DhcpRequest, DhcpAnswer, string]>([
    ['a new client: everybody', request({ 53: 1 }, { broadcast: true }), lease('offer'), '255.255.255.255:68'],
    ['without the flag too', request({ 53: 1 }), lease('offer'), '255.255.255.255:68'],
    ['a client with an address', request({ 53: 3 }, { ciaddr: at }), lease('ack'), '192.0.2.9:68'],
    ['INFORM', request({ 53: 8 }, { ciaddr: at }), INFORMED, '192.0.2.9:68'],
    ['through its relay', request({ 53: 1 }, { giaddr: ip('198.51.100.1') }), lease('offer'), '198.51.100.1:67'],
    [
      'a relay goes before the address',
      request({ 53: 3 }, { ciaddr: at, giaddr: ip('198.51.100.1') }),
      lease('ack'),
      '198.51.100.1:67',
    ],
    ['NAK: everybody', nak, REFUSED, '255.255.255.255:68'],
    ['NAK through a relay', request({ 53: 3 }, { giaddr: ip('198.51.100.1') }), REFUSED, '198.51.100.1:67'],
    [
      'port 4011: the sender and its port',
      request(booting(3, 7), { ciaddr: at }),
      { ...bootServer('a'), ...from(at, 4011) },
      '192.0.2.9:4011',
    ],
    [
      'port 4011: a sender without an address',
      request(booting(3, 7)),
      { ...bootServer('a'), ...from('0.0.0.0', 68) },
      '255.255.255.255:68',
    ],
    ['port 4011: the sender not known', request(booting(3, 7), { ciaddr: at }), bootServer('a'), '192.0.2.9:68'],
    [
      'port 4011 through a relay',
      request(booting(3, 7), { giaddr: ip('198.51.100.1') }),
      { ...bootServer('a'), ...from(at, 4011) },
      '198.51.100.1:67',
    ],
    [
      'port 67: never the sender’s port',
      request({ 53: 3 }, { ciaddr: at }),
      { ...lease('ack'), ...from(at, 40000) },
      '192.0.2.9:68',
    ],
    [
      'an address that is no machine’s',
      request({ 53: 8 }, { ciaddr: ip('255.255.255.255') }),
      INFORMED,
      '255.255.255.255:68',
    ],
    ['nor a group’s', request({ 53: 8 }, { ciaddr: ip('224.0.0.1') }), INFORMED, '255.255.255.255:68'],
    ['nor ourselves', request({ 53: 8 }, { ciaddr: ip('127.0.0.1') }), INFORMED, '255.255.255.255:68'],
  ])('%s', (_rule, asked, answer, wanted) => {
    const { address, port } = planned(asked, answer);
    expect(`${address}:${port}`).toBe(wanted);
  });
});

describe('what the answer says (RFC 2131 §4.3.1, table 3)', () => {
  test('it repeats who asked', () => {
    const header = { xid: 7, secs: 3, broadcast: true, hops: 1, giaddr: ip('198.51.100.1'), ciaddr: ip('192.0.2.9') };
    const wanted = {
      op: 'reply',
      htype: 1,
      hlen: 6,
      xid: 7,
      secs: 0,
      hops: 0,
      broadcast: true,
      giaddr: '198.51.100.1',
    };
    expect(replied(request({ 53: 3 }, header), lease('ack'))).toMatchObject({
      ...wanted,
      yiaddr: '192.0.2.77',
      ciaddr: '192.0.2.9',
    });
    expect(replied(request({ 53: 1 }, header), lease('offer'))).toMatchObject({
      ...wanted,
      yiaddr: '192.0.2.77',
      ciaddr: '0.0.0.0',
    });
    expect(replied(request({ 53: 8 }, header), INFORMED)).toMatchObject({
      ...wanted,
      yiaddr: '0.0.0.0',
      ciaddr: '192.0.2.9',
    });
    expect(replied(request({ 53: 3 }, header), REFUSED)).toMatchObject({
      ...wanted,
      yiaddr: '0.0.0.0',
      ciaddr: '0.0.0.0',
    });
  });

  test.each<readonly [string, DhcpRequest, DhcpAnswer, number]>([
    ['DISCOVER', request({ 53: 1 }), lease('offer'), 2],
    ['REQUEST', request({ 53: 3 }), lease('ack'), 5],
    ['REQUEST, refused', request({ 53: 3 }), REFUSED, 6],
    ['INFORM', request({ 53: 8 }), INFORMED, 5],
    ['DISCOVER, by a proxy', request(booting(1, 7)), proxy('a'), 2],
    ['REQUEST to port 4011', request(booting(3, 7)), bootServer('a'), 5],
    ['DISCOVER to port 4011', request(booting(1, 7)), bootServer('a'), 2],
    ['INFORM to port 4011', request(booting(8, 7)), bootServer('a'), 5],
  ])('%s: its type and our name come first', (_rule, asked, answer, type) => {
    expect([...replied(asked, answer).options].slice(0, 2)).toEqual([
      [53, Uint8Array.of(type)],
      [54, Uint8Array.of(192, 0, 2, 1)],
    ]);
  });

  const codes = (asked: DhcpRequest, answer: DhcpAnswer): readonly number[] => [
    ...replied(asked, answer).options.keys(),
  ];
  test.each<readonly [string, Record<number, Value>, DhcpAnswer, readonly number[]]>([
    [
      'all, to who does not say what it wants',
      { 53: 1 },
      lease('offer'),
      [53, 54, 51, 1, 3, 6, 12, 15, 28, 42, 58, 59],
    ],
    [
      'the essentials, and what is asked for in its order',
      { 53: 3, 55: [42, 28, 99, 12] },
      lease('ack'),
      [53, 54, 51, 1, 3, 6, 42, 28, 12, 58, 59],
    ],
    [
      'the essentials alone, where nothing else is asked for',
      { 53: 3, 55: [1] },
      lease('ack'),
      [53, 54, 51, 1, 3, 6, 58, 59],
    ],
    ['INFORM: no times', { 53: 8 }, INFORMED, [53, 54, 1, 3, 6, 12, 15, 28, 42]],
    ['NAK: the reason alone', { 53: 3, 55: [1, 3] }, REFUSED, [53, 54, 56]],
    [
      'the client identifier comes back (RFC 6842)',
      { 53: 1, 55: [1], 61: [1, 2] },
      lease('offer'),
      [53, 54, 51, 1, 3, 6, 61, 58, 59],
    ],
    ['with a NAK too, and nothing else', { 53: 3, 61: [1, 2], 97: [0] }, REFUSED, [53, 54, 56, 61]],
    ['the machine identifier comes back as it was', { 53: 8, 55: [1], 97: [9] }, INFORMED, [53, 54, 1, 3, 6, 97]],
    [
      'the relay’s option comes back, last',
      { 53: 1, 55: [1], 82: [1, 1, 7] },
      lease('offer'),
      [53, 54, 51, 1, 3, 6, 58, 59, 82],
    ],
    ['an FQDN is answered', { 53: 1, 55: [1], 81: '\0\0\0x' }, lease('offer'), [53, 54, 51, 1, 3, 6, 81, 58, 59]],
  ])('%s', (_rule, options, answer, wanted) => {
    expect(codes(request(options), answer)).toEqual(wanted);
  });

  test('what a network has not is not told', () => {
    const bare = { ...NETWORK, gateway: undefined, dns: [], ntp: [], domain: '', hostname: undefined };
    const answer: DhcpAnswer = { ...lease('ack'), grant: { kind: 'ack', address: ip('192.0.2.77'), network: bare } };
    expect(codes(request({ 53: 3, 81: '\0\0\0x' }), answer)).toEqual([53, 54, 51, 1, 28, 58, 59]);
  });

  test('the values of a lease', () => {
    const { options } = replied(request({ 53: 3, 81: '\u0001\0\0x' }), lease('ack'));
    const said = Object.fromEntries([...options].map(([code, value]) => [code, Buffer.from(value).toString('hex')]));
    expect(said).toMatchObject({
      ...{ 1: 'ffffff00', 3: 'c00002fe', 6: 'c0000235c0000236', 28: 'c00002ff', 42: 'c000027b' },
      ...{ 12: Buffer.from('cs40').toString('hex'), 15: Buffer.from('lab.example').toString('hex') },
      ...{ 51: '00000e10', 58: '00000708', 59: '00000c4e' },
      81: `0affff${Buffer.from('cs40.lab.example').toString('hex')}`,
    });
  });

  test('a NAK through a relay is marked for broadcast (RFC 2131 §4.3.2); a direct one is as the client said', () => {
    expect(replied(request({ 53: 3 }, { giaddr: ip('198.51.100.1') }), REFUSED).broadcast).toBe(true);
    expect(replied(request({ 53: 3 }), REFUSED).broadcast).toBe(false);
  });

  test('a NAK says why in ASCII', () => {
    const { options } = replied(request({ 53: 3 }), REFUSED);
    expect(Buffer.from(options.get(56) ?? []).toString('latin1')).toBe('the address is another host?s');
  });
});

test('UEFI HTTP boot is told no name server, and everybody else is: GRUB cannot read the device path that EDK2 makes of one', () => {
  const told = (arch: number): boolean =>
    replied(request(booting(1, arch, {})), lease('offer', 'http://192.0.2.1/x.efi')).options.has(6);
  expect([told(16), told(19), told(7), told(0)]).toEqual([false, false, true, true]);
});

describe('how long the answer may be (option 57 counts 28 bytes of headers)', () => {
  const file = `http://192.0.2.1/${'u'.repeat(600)}`;
  test.each<readonly [string, Record<number, Value>, boolean]>([
    ['not said: 576', {}, false],
    ['less than 576 is not believed', { 57: [0, 100] }, false],
    ['too little', { 57: [3, 0] }, false],
    ['as much as an Ethernet frame', { 57: [5, 0xdc] }, true],
    ['EDK2’s 65280 is as much as an Ethernet frame', { 57: [0xff, 0] }, true],
    ['unreadable: 576', { 57: [5] }, false],
  ])('%s', (_rule, options, hasFile) => {
    const { bytes } = planned(request(booting(1, 16, options)), lease('offer', file));
    const read = decodePacket(bytes);
    expect(read.options.has(67)).toBe(hasFile);
    expect([...read.options.keys()]).toEqual(expect.arrayContaining([53, 54, 51, 1, 3]));
    expect(bytes.byteLength).toBeLessThanOrEqual(hasFile ? 1472 : 768 - 28);
  });

  test('to the byte', () => {
    const length = (size: number): number =>
      planned(request(booting(1, 16, { 57: [size >> 8, size & 255] })), lease('offer', file)).bytes.byteLength;
    const whole = length(1500);
    expect(length(whole + 28)).toBe(whole);
    expect(length(whole + 27)).toBeLessThan(whole);
  });

  test('never longer than a frame', () => {
    const answer = lease('offer', `http://192.0.2.1/${'u'.repeat(1300)}`);
    expect(replied(request(booting(1, 16, { 57: [0xff, 0] })), answer).options.has(67)).toBe(false);
  });

  test('what a client would have echoed never crowds out the lease', () => {
    const long = new Uint8Array(255).fill(7);
    const { options, yiaddr } = replied(
      request(booting(1, 0, { 61: long, 82: long, 97: long })),
      lease('offer', 'a.0'),
    );
    expect([...options.keys()]).toEqual(expect.arrayContaining([53, 54, 51, 1, 82]));
    expect(yiaddr).toBe('192.0.2.77');
  });
});
