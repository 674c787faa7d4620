// Where a machine is taken to be when it asks for its boot file: what its message claims counts only where the message came from there.

import { describe, expect, test } from 'vitest';

import type { Ipv4 } from '../../../server/address.ts';
import { answerQuestion } from '../../../server/dhcp/exchange.ts';
import { servedNetworks } from '../../../server/dhcp/networks.ts';
import { LAB, SELF, siteOf } from './lease-cases.ts';
import { booting, ip, request } from './messages.ts';

const [DISCOVER, REQUEST] = [1, 3];
const HERE = ip('10.0.0.77');

describe('beside another DHCP server a machine that asks', () => {
  const rows: readonly [string, { type: number; port: 67 | 4011; from: Ipv4; ciaddr: Ipv4 }, Ipv4 | undefined][] = [
    ['port 4011 from its address is there', { type: REQUEST, port: 4011, from: HERE, ciaddr: HERE }, HERE],
    [
      "port 4011 from elsewhere may be a stranger that would have another's boot read as this one's",
      { type: REQUEST, port: 4011, from: ip('10.0.0.66'), ciaddr: HERE },
      undefined,
    ],
    [
      'by DISCOVER has no address yet (RFC 2131, table 5)',
      { type: DISCOVER, port: 67, from: ip('0.0.0.0'), ciaddr: HERE },
      undefined,
    ],
  ];
  test.each(rows)('%s', async (_name, { type, port, from, ciaddr }, expected) => {
    const asked: (Ipv4 | undefined)[] = [];
    const networks = servedNetworks(siteOf([LAB]), SELF);
    const outcome = await answerQuestion(
      {
        ...{ self: SELF, bootServer: SELF, networks: () => networks, leases: undefined },
        answerBoot: async ({ address }) => {
          asked.push(address);
          return { kind: 'boot', file: 'grubx64.efi' };
        },
      },
      {
        request: request(booting(type, 7), { ciaddr }),
        ...{ port, from: { address: from, port: 4011 }, sentTo: 'this-server', now: 0 },
      },
    );
    expect(outcome.kind).toBe('reply');
    expect(asked).toEqual([expected]);
  });
});

test('beside another DHCP server a relay that is in no network of the site is not answered: it may be somebody else', async () => {
  const networks = servedNetworks(siteOf([LAB]), SELF);
  const ask = (giaddr: Ipv4) =>
    answerQuestion(
      {
        ...{ self: SELF, bootServer: SELF, networks: () => networks, leases: undefined },
        answerBoot: async () => ({ kind: 'boot', file: 'grubx64.efi' }),
      },
      {
        request: request(booting(DISCOVER, 7), { giaddr }),
        ...{ port: 67, from: { address: giaddr, port: 67 }, sentTo: 'this-server', now: 0 },
      },
    );
  expect(await ask(ip('10.0.0.250'))).toMatchObject({ kind: 'reply', datagram: { address: '10.0.0.250', port: 67 } });
  expect(await ask(ip('198.51.100.1'))).toMatchObject({
    kind: 'silence',
    reason: 'no network of the site has the relay 198.51.100.1',
  });
});
