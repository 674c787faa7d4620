// `kickstand site check | plan | capacity` as an operator meets them: texts, JSON and exit codes.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { kickstand } from '../support/command.ts';
import { exampleText } from '../support/example.ts';

let directory = '';
let place: string[] = [];
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'kickstand-site-'));
  writeFileSync(join(directory, 'site.yaml'), exampleText);
  writeFileSync(join(directory, 'wrong.yaml'), exampleText.replace('from: 192.168.168.30', 'from: 192.168.168.3'));
  place = ['--site', join(directory, 'site.yaml'), '--data', join(directory, 'data')];
});
afterAll(() => rmSync(directory, { recursive: true }));

const PUBLISHED =
  '--people 50 --systems 2 --vms 2 --cores 200 --memory 300 --host-cores 4x4 --hyper-threading --host-memory 64'.split(
    ' ',
  );

describe('site capacity', () => {
  test('shows the arithmetic of the published case, which is seven hosts', async () => {
    const ran = await kickstand(['site', 'capacity', ...PUBLISHED, ...place]);
    expect([ran.code, ran.err]).toEqual([0, '']);
    expect(ran.out).toContain('200 / 32 = 6.25, rounded up: 7 hosts  ← what limits');
    expect(ran.out).toContain('2 of hypervisor: 5 of 7 missing');
  });

  test('tells machines the same', async () => {
    const ran = await kickstand(['site', 'capacity', ...PUBLISHED, ...place, '--json', '--spare', '1']);
    expect(JSON.parse(ran.out)).toMatchObject({
      sizing: { people: 50, spares: 1 },
      vms: 200,
      limits: ['cores'],
      needed: 7,
      hosts: 8,
      site: { hosts: 2, missing: 6 },
    });
  });

  test.each<[string, string[], number, string]>([
    ['a profile that has too few hosts', [...PUBLISHED, '--profile', 'hypervisor'], 1, '5 of 7 missing'],
    ['a profile that is not there', [...PUBLISHED, '--profile', 'hypervizor'], 1, 'did you mean hypervisor?'],
    ['nothing', [], 2, '--people: is missing — such as --people 50'],
    ['less than nobody', [...PUBLISHED, '--people', '-7'], 2, '"-7" cannot be — a whole number from 1 to 1,000,000'],
    ['a VM that fits on no host', [...PUBLISHED, '--host-memory', '4'], 1, 'take hosts with more memory'],
  ])('of %s ends with its exit code and a remedy', async (_, args, code, part) => {
    const ran = await kickstand(['site', 'capacity', ...args, ...place]);
    expect([ran.code, ran.out + ran.err]).toEqual([code, expect.stringContaining(part)]);
  });

  test('needs no site', async () => {
    const ran = await kickstand(['site', 'capacity', ...PUBLISHED, '--site', join(directory, 'none.yaml')]);
    expect([ran.code, ran.out]).toEqual([0, expect.stringContaining('not compared')]);
  });
});

describe('site plan', () => {
  test.each<[string, string[], number, string]>([
    ['the next free address alone', ['--next', 'hypervisors'], 0, '192.168.168.5\n'],
    ['of a range that is full, what to do', ['--next', 'management'], 1, 'widen the range, or name another'],
  ])('tells %s', async (_, args, code, part) => {
    const ran = await kickstand(['site', 'plan', ...args, ...place]);
    expect([ran.code, code === 0 ? ran.out : ran.err]).toEqual([
      code,
      code === 0 ? part : expect.stringContaining(part),
    ]);
  });

  test('tells machines networks, ranges and addresses', async () => {
    const ran = await kickstand(['site', 'plan', '--json', ...place]);
    expect(JSON.parse(ran.out)).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ kind: 'network', name: 'lab', free: 7 }),
        expect.objectContaining({ kind: 'range', name: 'hypervisors', firstFree: '192.168.168.5' }),
        expect.objectContaining({ kind: 'address', name: 'cs40', address: '192.168.168.2' }),
      ]),
    );
  });

  test('has conflicts told instead, to people and to machines', async () => {
    const wrong = ['--site', join(directory, 'wrong.yaml')];
    const people = await kickstand(['site', 'plan', ...wrong]);
    expect([people.code, people.out]).toEqual([1, '']);
    expect(people.err).toMatch(/wrong\.yaml:28: .*guest overlaps hypervisors from 192\.168\.168\.3 on/);
    expect(people.err).toContain('192.168.168.3 lies in guest, which is for cloudstack-guest');
    const machines = await kickstand(['site', 'plan', '--json', ...wrong]);
    expect(JSON.parse(machines.out)).toMatchObject({
      problems: expect.arrayContaining([expect.anything()]) as unknown,
    });
  });
});

test('site check looks at the secrets that are set, and repeats none', async () => {
  const data = join(directory, 'secrets-data');
  mkdirSync(join(data, 'secrets'), { recursive: true });
  writeFileSync(join(data, 'secrets', 'cloud-db'), 'not@this:one\n');
  writeFileSync(join(data, 'secrets', 'mysql-root'), 'this-one_is.fine\n');
  writeFileSync(join(data, 'secrets', 'root'), 'hunter2\n');
  const ran = await kickstand(['site', 'check', join(directory, 'site.yaml'), '--data', data]);
  expect([ran.code, ran.out.trim().split('\n')]).toEqual([
    1,
    [
      expect.stringMatching(/:15: site\.rootPassword: the secret root cannot be used: it is no complete crypt hash/),
      expect.stringMatching(
        /:48: profiles\[0\]\.role: the secret cloud-db cannot be used: cloud-setup-databases takes only .* — kickstand secret set cloud-db$/,
      ),
    ],
  ]);
  expect(ran.out).not.toMatch(/hunter2|not@this/);
});
