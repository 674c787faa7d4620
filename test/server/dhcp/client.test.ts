// Checks how a client's message is read: who it is, what it wants, and whether and how its firmware asks for network boot.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { identifyRequest } from '../../../server/dhcp/client.ts';
import { decodePacket } from '../../../server/dhcp/packet.ts';
import type { DhcpPacket, DhcpRequest } from '../../../server/dhcp/types.ts';
import { booting, MAC, packet, request, type Value } from './messages.ts';
import { hex, REPLIES, REQUESTS } from './samples.ts';

/** `uefi x86_64 tftp iPXE`, or `none` where it does not ask for network boot. */
function bootOf({ boot }: DhcpRequest): string {
  if (boot === undefined) return 'none';
  const { platform, arch, transport, isIpxe } = boot.firmware;
  return [platform, arch, transport, ...(isIpxe ? ['iPXE'] : [])].join(' ');
}

describe('captured clients', () => {
  test.each<readonly [string, string, string, string]>([
    ['iPXE ROM (BIOS): DISCOVER', 'discover', '52:54:00:00:00:01', 'bios x86_64 tftp iPXE'],
    ['iPXE ROM (BIOS): REQUEST', 'request', '52:54:00:00:00:01', 'bios x86_64 tftp iPXE'],
    ['OVMF (UEFI PXE): DISCOVER', 'discover', '52:54:00:00:00:02', 'uefi x86_64 tftp'],
    ['OVMF (UEFI PXE): REQUEST', 'request', '52:54:00:00:00:02', 'uefi x86_64 tftp'],
    ['OVMF (UEFI PXE): REQUEST to port 4011', 'request', '52:54:00:00:01:03', 'uefi x86_64 tftp'],
    ['iPXE (UEFI snponly.efi): DISCOVER', 'discover', '52:54:00:00:00:02', 'uefi x86_64 tftp iPXE'],
    ['OVMF (UEFI HTTP boot): DISCOVER', 'discover', '52:54:00:00:00:04', 'uefi x86_64 http'],
    ['OVMF (UEFI HTTP boot): REQUEST', 'request', '52:54:00:00:00:04', 'uefi x86_64 http'],
    ['udhcpc: DISCOVER', 'discover', '02:00:00:00:00:10', 'none'],
    ['udhcpc: REQUEST', 'request', '02:00:00:00:00:10', 'none'],
    ['udhcpc posing as PXE: DISCOVER', 'discover', '02:00:00:00:00:10', 'uefi x86_64 tftp'],
    ['udhcpc: RELEASE', 'release', '02:00:00:00:00:10', 'none'],
    ['dhclient: DISCOVER', 'discover', '02:00:00:00:00:10', 'none'],
    ['dhclient: REQUEST', 'request', '02:00:00:00:00:10', 'none'],
    ['dhclient after a move: REQUEST', 'request', '02:00:00:00:00:10', 'none'],
    ['nmap broadcast-dhcp-discover: DISCOVER', 'discover', 'de:ad:c0:de:ca:fe', 'none'],
    ['nmap dhcp-discover: INFORM', 'inform', '02:00:00:00:00:10', 'none'],
    ['nmap service probe: INFORM', 'inform', '00:0e:35:d4:d8:51', 'none'],
    ['perfdhcp as a relay: DISCOVER', 'discover', '00:0c:01:02:03:04', 'none'],
    ['perfdhcp as a relay: REQUEST', 'request', '00:0c:01:02:03:04', 'none'],
  ])('%s', (name, type, mac, boot) => {
    const found = identifyRequest(decodePacket(REQUESTS[name] ?? hex('')));
    if ('kind' in found) throw new Error(found.reason);
    expect([found.type, found.mac, bootOf(found)]).toEqual([type, mac, boot]);
  });

  test('what they say of themselves', () => {
    const of = (name: string): unknown => identifyRequest(decodePacket(REQUESTS[name] ?? hex('')));
    expect(of('udhcpc: REQUEST')).toMatchObject({
      ...{ clientId: '01020000000010', requested: '192.0.2.149', server: '192.0.2.1', hostname: 'alpha' },
      ...{ vendorClass: 'udhcp 1.35.0', userClass: undefined, wants: [1, 3, 6, 12, 15, 28, 42] },
    });
    expect(of('iPXE ROM (BIOS): DISCOVER')).toMatchObject({
      ...{
        vendorClass: 'PXEClient:Arch:00000:UNDI:002001',
        userClass: 'iPXE',
        requested: undefined,
        server: undefined,
      },
      boot: { uuid: '00112233-4455-6677-8899-aabbccddeeff', archCode: 0 },
    });
    expect(of('OVMF (UEFI HTTP boot): DISCOVER')).toMatchObject({
      clientId: undefined,
      boot: { uuid: '00112233-4455-6677-8899-aabbccddeeff', archCode: 16 },
    });
  });

  test.each(Object.entries(REPLIES))('%s is no client’s', (_name, bytes) => {
    expect(identifyRequest(decodePacket(bytes))).toMatchObject({
      kind: 'no',
      reason: expect.stringContaining('reply'),
    });
  });
});

describe('refused, with the reason', () => {
  test.each<readonly [string, Record<number, Value>, Partial<DhcpPacket>, RegExp]>([
    ['BOOTP', {}, {}, /no message type/],
    ['a message type of two bytes', { 53: [1, 1] }, {}, /not a client's/],
    ['an empty message type', { 53: '' }, {}, /not a client's/],
    ['an OFFER from a client', { 53: 2 }, {}, /type 2 is not a client's/],
    ['an ACK from a client', { 53: 5 }, {}, /type 5 is not/],
    ['a NAK from a client', { 53: 6 }, {}, /type 6 is not/],
    ['a LEASEQUERY (RFC 4388)', { 53: 10 }, {}, /type 10 is not/],
    ['Token Ring', { 53: 1 }, { htype: 6 }, /hardware type 6/],
    ['InfiniBand (RFC 4390)', { 53: 1 }, { htype: 32, hlen: 0, chaddr: new Uint8Array() }, /hardware type 32/],
    ['a UUID in place of the MAC', { 53: 1 }, { hlen: 16, chaddr: new Uint8Array(16) }, /16 address bytes/],
    ['an all-zero MAC', { 53: 1 }, { chaddr: new Uint8Array(6) }, /all-zero/],
    ['a group address', { 53: 1 }, { chaddr: hex('01005e000001') }, /group address/],
    ['a requested address of 3 bytes', { 53: 3, 50: [1, 2, 3] }, {}, /option 50/],
    ['a server identifier of 5 bytes', { 53: 3, 54: [1, 2, 3, 4, 5] }, {}, /option 54/],
  ])('%s', (_rule, options, header, reason) => {
    expect(identifyRequest(packet(options, header))).toMatchObject({
      kind: 'no',
      reason: expect.stringMatching(reason),
    });
  });
});

describe('which firmware asks', () => {
  test.each<readonly [number, string]>([
    [0, 'bios x86_64 tftp'],
    [1, 'bios other tftp'],
    [2, 'uefi other tftp'],
    [6, 'uefi i386 tftp'],
    [7, 'uefi x86_64 tftp'],
    [9, 'uefi x86_64 tftp'],
    [10, 'uefi other tftp'],
    [11, 'uefi aarch64 tftp'],
    [15, 'uefi i386 http'],
    [16, 'uefi x86_64 http'],
    [17, 'uefi other http'],
    [18, 'uefi other http'],
    [19, 'uefi aarch64 http'],
    [20, 'bios x86_64 http'],
    [27, 'uefi other tftp'],
    [41, 'bios other tftp'],
    [0xffff, 'uefi other tftp'],
  ])('architecture %i: %s', (code, firmware) => {
    const found = request(booting(1, code));
    expect(bootOf(found)).toBe(firmware);
    expect(found.boot?.archCode).toBe(code);
  });

  test.each<readonly [string, Record<number, Value>, string]>([
    ['the first architecture that is known', booting(1, 0, { 93: [0, 99, 0, 11, 0, 7] }), 'uefi aarch64 tftp'],
    ['a byte too much in the list', booting(1, 0, { 93: [0, 7, 0] }), 'uefi x86_64 tftp'],
    ['the class says how, whatever the architecture', { 53: 1, 60: 'HTTPClient', 93: [0, 7] }, 'uefi x86_64 http'],
    ['REQUEST asks as well', booting(3, 7), 'uefi x86_64 tftp'],
    ['INFORM asks as well', booting(8, 7), 'uefi x86_64 tftp'],
    ['RELEASE does not', booting(7, 7), 'none'],
    ['DECLINE does not', booting(4, 7), 'none'],
    ['no class', { 53: 1, 93: [0, 7] }, 'none'],
    ['another class', { 53: 1, 60: 'MSFT 5.0', 93: [0, 7] }, 'none'],
    ['a class that only contains the word', { 53: 1, 60: 'a PXEClient', 93: [0, 7] }, 'none'],
    ['no architecture', { 53: 1, 60: 'PXEClient' }, 'none'],
    ['half an architecture', { 53: 1, 60: 'PXEClient', 93: [7] }, 'none'],
    ['neither option 94 nor 97 is needed', { 53: 1, 60: 'PXEClient', 93: [0, 0] }, 'bios x86_64 tftp'],
    ['iPXE by its user class', booting(1, 7, { 77: 'iPXE' }), 'uefi x86_64 tftp iPXE'],
    ['iPXE by a user class as RFC 3004 has it', booting(1, 7, { 77: '\u0004iPXE' }), 'uefi x86_64 tftp iPXE'],
    ['iPXE among other user classes', booting(1, 7, { 77: '\u0003lab\u0004iPXE' }), 'uefi x86_64 tftp iPXE'],
    ['iPXE by its own option, its class renamed', booting(1, 7, { 77: 'lab', 175: [1] }), 'uefi x86_64 tftp iPXE'],
    ['gPXE takes no iPXE script', booting(1, 0, { 77: 'gPXE', 175: [1] }), 'bios x86_64 tftp'],
    ['another user class', booting(1, 7, { 77: 'iPXE2' }), 'uefi x86_64 tftp'],
  ])('%s', (_rule, options, firmware) => {
    expect(bootOf(request(options))).toBe(firmware);
  });

  test('the first architecture asked is kept as it was', () => {
    expect(request(booting(1, 0, { 93: [0, 99, 0, 7] })).boot?.archCode).toBe(99);
  });

  test.each([
    ['b827eb010203', 0, 'bios other tftp'],
    ['d83add010203', 0, 'bios other tftp'],
    ['b827eb010203', 11, 'uefi aarch64 tftp'],
    ['b827ea010203', 0, 'bios x86_64 tftp'],
  ])('a Raspberry Pi (%s) that says it is architecture %i: %s', (mac, code, firmware) => {
    expect(bootOf(request(booting(1, code), { chaddr: hex(mac) }))).toBe(firmware);
  });
});

describe('the machine’s UUID', () => {
  const UUID = '33221100 5544 7766 8899 aabbccddeeff';
  test.each<readonly [string, string, string | undefined]>([
    ['type 0 and 16 bytes, the first groups low byte first', `00 ${UUID}`, '00112233-4455-6677-8899-aabbccddeeff'],
    ['another type', `01 ${UUID}`, undefined],
    ['16 bytes', UUID, undefined],
    ['18 bytes', `00 ${UUID} 00`, undefined],
    ['nothing', '', undefined],
    ['all zeros: a board without one', '00*17', undefined],
    ['all ones: a board without one', '00 ff*16', undefined],
  ])('%s', (_rule, value, uuid) => {
    const { boot } = request(booting(1, 7, { 97: hex(value) }));
    expect(boot).toMatchObject({ archCode: 7, uuid });
  });
});

describe('what strangers say is bounded', () => {
  test.each<readonly [string, Record<number, Value>, Partial<DhcpRequest>]>([
    ['a host name', { 12: 'a\u0000' }, { hostname: 'a' }],
    ['an escape sequence in it', { 12: 'a\u001b[2J' }, { hostname: 'a?[2J' }],
    ['a host name from the FQDN option', { 81: '\0\0\0b.lab' }, { hostname: 'b' }],
    ['the host name option goes first', { 12: 'a', 81: '\0\0\0b.lab' }, { hostname: 'a' }],
    ['a long vendor class', { 60: 'v'.repeat(900) }, { vendorClass: 'v'.repeat(255) }],
    ['many user classes', { 77: '\u0001u'.repeat(900) }, { userClass: 'u, '.repeat(85) }],
    ['a user class that does not add up', { 77: '\u0009iPXE' }, { userClass: '?iPXE' }],
    ['an empty class', { 60: '', 77: '' }, { vendorClass: undefined, userClass: undefined }],
    ['a client identifier', { 61: [1, 0xab, 0xcd] }, { clientId: '01abcd' }],
    ['a client identifier too short to be one', { 61: [1] }, { clientId: undefined }],
    ['a client identifier longer than an option', { 61: new Uint8Array(256) }, { clientId: undefined }],
    ['what it wants, each once', { 55: [6, 3, 6, 1] }, { wants: [6, 3, 1] }],
    ['nothing wanted', {}, { wants: [] }],
  ])('%s', (_rule, options, said) => {
    expect(request({ 53: 1, ...options })).toMatchObject({ mac: MAC, ...said });
  });

  test('whatever the options hold, texts are printable and short', () => {
    const code = fc.constantFrom(12, 60, 61, 77, 81, 93, 97, 55, 43, 175);
    const options = fc.dictionary(code.map(String), fc.uint8Array({ maxLength: 600 }));
    fc.assert(
      fc.property(options, (options) => {
        const { hostname, vendorClass, userClass, clientId } = request({ ...options, 53: 1 });
        for (const text of [hostname, vendorClass, userClass]) expect(text ?? 'x').toMatch(/^[\x20-\x7e]{1,255}$/);
        expect(clientId ?? '').toMatch(/^[0-9a-f]{0,510}$/);
      }),
    );
  });
});
