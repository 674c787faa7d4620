// Stages made into rows: a machine's MAC learnt late, content counted on, and a transfer whose end takes its beginning's place.

import { expect, test } from 'vitest';
import { generations } from '../../../server/generations.ts';
import { gatherStages } from '../../../server/doctor/gather.ts';
import type { Stage } from '../../../server/stages.ts';
import { MAC, asked, content, file, given, lost } from './stages.ts';

const address = '192.168.168.2';
const nobody = { mac: undefined, address };
const known = { mac: MAC, address };
const at = 1_000_000_000;
const minute = 60_000;

/** What is written, as `KEY kind` or `FROM -> TO`. */
function written(take: (gathered: ReturnType<typeof gatherStages>) => void): readonly string[] {
  const gathered = gatherStages();
  take(gathered);
  return gathered
    .drain()
    .map((work) => (work.kind === 'insert' ? `${work.row.key} ${work.row.stage.kind}` : `${work.from} -> ${work.to}`));
}

test("what an address did is its machine's once the MAC is known, and what it does then too", () => {
  const rows = written(({ take }) => {
    take(nobody, file('loader', 'pxelinux.0'), at);
    take(known, given(), at + 1);
    take(nobody, file('kernel', 'vmlinuz'), at + 50 * minute);
  });
  expect(rows).toEqual([`@${address} file`, `@${address} -> ${MAC}`, `${MAC} instructions`, `${MAC} file`]);
});

test("an address that was silent for hours is nobody's, and another machine's when that tells so", () => {
  const other = '52:54:00:a8:a8:03';
  const rows = written(({ take }) => {
    take(known, given(), at);
    take(nobody, given(), at + 61 * minute);
    take({ mac: other, address }, given(), at + 62 * minute);
    take(nobody, given(), at + 63 * minute);
  });
  expect(rows.filter((row) => row.endsWith('instructions'))).toEqual([
    `${MAC} instructions`,
    `@${address} instructions`,
    `${other} instructions`,
    `${other} instructions`,
  ]);
});

test('who tells neither MAC nor address is not written down', () => {
  expect(written(({ take }) => take({ mac: undefined, address: undefined }, given(), at))).toEqual([]);
});

/** The stages on disk when all was taken a second apart each. */
function kept(stages: readonly Stage[], gapMs = 1000): readonly Stage[] {
  const gathered = gatherStages();
  stages.forEach((stage, index) => gathered.take(known, stage, at + index * gapMs));
  return gathered.drain().flatMap((work) => (work.kind === 'insert' ? [work.row.stage] : []));
}

test('content of one kind is one row that counts on; what was not sent keeps its first name', () => {
  const sent = ['a.rpm', 'b.rpm', 'c.rpm'].map((name) => content('package', { name, bytes: 100 }));
  const missing = ['x.rpm', 'y.rpm'].map((name) => content('package', { name, bytes: 0, outcome: 'not-found' }));
  expect(kept([...sent, content('metadata'), ...missing])).toMatchObject([
    { what: 'package', name: 'c.rpm', count: 3, bytes: 300, firstAt: at },
    { what: 'metadata', count: 1 },
    { what: 'package', outcome: 'not-found', name: 'x.rpm', count: 2 },
  ]);
});

test.each<[string, Stage]>([
  ['DHCP', asked()],
  ['a loader', file('loader', 'pxelinux.0')],
])('a boot that begins with %s counts anew', (_name, stage) => {
  expect(kept([content('package'), stage, content('package')])).toMatchObject([{ count: 1 }, {}, { count: 1 }]);
});

test('so does content after hours of silence', () => {
  expect(kept([content('package'), content('package')], 61 * minute)).toHaveLength(2);
});

test('the end of a transfer takes the place of its beginning', () => {
  const initrd = (outcome: 'sending' | 'sent' | 'probed') => file('initrd', 'initrd.img', { outcome });
  expect(kept([initrd('sending'), lost('probe', 'x'), initrd('sent'), initrd('sent')])).toMatchObject([
    { name: 'initrd.img', outcome: 'sent' },
    { name: 'x' },
    { name: 'initrd.img', outcome: 'sent' },
  ]);
});

test('a flood is let go rather than kept in memory', () => {
  const gathered = gatherStages();
  for (let count = 0; count < 30_000; count += 1) gathered.take(known, given(), at);
  expect(gathered.drain().length).toBeLessThanOrEqual(20_000);
});

test('a memory keeps what was used last', () => {
  const memory = generations<number>(10);
  memory.set('used', 0);
  for (let count = 0; count < 100; count += 1) {
    memory.set(`other-${count}`, count);
    memory.get('used');
  }
  expect([memory.get('used'), memory.get('other-99'), memory.get('other-0')]).toEqual([0, 99, undefined]);
});
