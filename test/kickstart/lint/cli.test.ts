// `kickstand kickstart lint` as an operator meets it.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { kickstand } from '../../support/command.ts';

let directory = '';
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'kickstand-lint-'));
  writeFileSync(join(directory, 'bad.ks'), 'install\nrootpw --iscrypted hunter2\n%packages\n%end\n');
  writeFileSync(join(directory, 'fine.ks'), 'rescue\n');
});
afterAll(() => rmSync(directory, { recursive: true }));

const lint = (...args: readonly string[]) => kickstand(['kickstart', 'lint', ...args]);

test('errors with their places and remedies, a summary, exit 1', async () => {
  const file = join(directory, 'bad.ks');
  const ran = await lint(file, '--for', 'rhel9');
  const lines = ran.out.trimEnd().split('\n');
  expect(ran.code).toBe(1);
  expect(lines[0]).toBe(
    `${file}:1:1 error RHEL 9 has no install: RHEL 9 removed it (leave it out: url, nfs, cdrom or harddrive alone is enough)`,
  );
  expect(lines.at(-1)).toBe(`${file}: 2 errors, 0 deprecated, 4 warnings for RHEL 9`);
  expect(ran.out + ran.err).not.toContain('hunter2');
});

test('JSON, and deprecations that do not fail', async () => {
  const ran = await kickstand(['kickstart', 'lint', '-', '--for', 'rhel8', '--json'], 'rescue\ninstall\n');
  expect(ran.code).toBe(0);
  expect(JSON.parse(ran.out)).toEqual({
    file: '-',
    release: 'RHEL 8',
    errors: 0,
    deprecated: 1,
    warnings: 0,
    findings: [
      {
        line: 2,
        column: 1,
        severity: 'deprecated',
        kind: 'syntax',
        message: 'install is deprecated in RHEL 8',
        remedy: 'leave it out: url, nfs, cdrom or harddrive alone is enough',
      },
    ],
  });
});

test.each<[string, readonly string[], number, string]>([
  ['nothing to mend', ['fine.ks', '--for', 'rhel10'], 0, 'nothing to mend for RHEL 10'],
  ['no release', ['fine.ks'], 2, 'name the release: --for takes rhel6, rhel6.2'],
  ['an unknown release', ['fine.ks', '--for', 'rhel5'], 2, 'no kickstart of rhel5 is known'],
  ['a file that is not there', ['none.ks', '--for', 'rhel9'], 1, 'no such file'],
  ['help', ['--help'], 0, '--for <release>'],
])('%s', async (_name, args, code, part) => {
  const ran = await lint(...args.map((arg) => (arg.endsWith('.ks') ? join(directory, arg) : arg)));
  expect([ran.code, ran.out + ran.err]).toEqual([code, expect.stringContaining(part)]);
});
