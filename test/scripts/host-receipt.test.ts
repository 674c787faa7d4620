// A receipt as the operator reads it: made from the stages of an install, and told in full.

import { expect, test } from 'vitest';
import { receiptText } from '../../scripts/cli/host-receipt.ts';
import { marksOf } from '../../server/hosts/progress-marks.ts';
import { decodeReceipt, encodeReceipt } from '../../server/hosts/receipts/shape.ts';
import type { Finished } from '../../server/hosts/receipts/write.ts';
import { writeReceipt } from '../../server/hosts/receipts/write.ts';
import { armed, file, MAC, report, START, tell, toPackages } from '../server/doctor/stages.ts';
import { golden } from '../support/golden.ts';

const records = tell(
  ...toPackages,
  [600, report('post')],
  [601, report('post.files')],
  [610, report('installed')],
  [611, file('initrd', 'cut.img', { outcome: 'closed', bytes: 5 })],
);
const state = armed({ phase: 'installed', attempts: 1, changedAt: START + 610_000 });
const arming = {
  token: 'a-token',
  armedAt: START - 60_000,
  expiresAt: START,
  pins: { cloudstack: 's1' },
  install: 'F',
};
const packages = ['kernel-5.14.0-427.el9.x86_64', 'bash-5.1.8-9.el9.x86_64'].map((name) => ({
  name,
  bytes: 4_000_000,
}));

const finished: Finished = {
  host: { name: 'cs40', macs: [MAC] },
  state,
  arming,
  given: {
    armedAt: arming.armedAt,
    attempt: 1,
    at: START + 40_000,
    what: 'kickstart',
    sha256: 'ab'.repeat(32),
    steps: 4,
    kin: 'K',
    profile: 'management',
    tree: 'rhel9',
    os: 'rhel-9.4-x86_64',
    address: '192.168.168.2',
  },
  records,
  startedAt: START,
  marks: marksOf(records, START, { given: true, style: 'all first', reports: true, packages: 1 }),
  packages,
  version: '0.1.0',
  digestOf: ({ name }) => (name === 'grubx64.efi' ? 'cd'.repeat(32) : undefined),
};

test('it tells what was given, served and agreed to, and how long each phase took', () => {
  const { receipt, names } = writeReceipt(finished);
  golden('receipt/cs40.txt', receiptText({ ...receipt, packages: { ...receipt.packages, names } }, true));
  expect(JSON.stringify(receipt)).not.toContain('a-token');
  expect(decodeReceipt(encodeReceipt(receipt))).toEqual(receipt);
});

test('where no names were kept, the requests were counted', () => {
  const { receipt } = writeReceipt({ ...finished, packages: [] });
  expect(receipt.packages).toMatchObject({ count: 812, bytes: 900_000_000, listed: 0 });
});

test.each(['', 'null', '{"host":"cs40"}', '{'])('%j is no receipt', (text) => {
  expect(decodeReceipt(text)).toBeUndefined();
});
