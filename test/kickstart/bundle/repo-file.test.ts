// .repo files: the published form, what is refused, and that dnf reads them as meant.

import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, describe, expect, test } from 'vitest';

import { renderRepoFile } from '../../../kickstart/repo-file.ts';
import { Malformed } from '../../../server/malformed.ts';

const CLOUDSTACK = { name: 'cloudstack', title: 'cloudstack', baseUrl: 'http://127.0.0.1/4.0/' };

const scratch = mkdtempSync(join(tmpdir(), 'kickstand-repo-file-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

test('the form of the published case', () => {
  expect(renderRepoFile(CLOUDSTACK)).toBe(`[cloudstack]
name=cloudstack
baseurl=http://127.0.0.1/4.0/
enabled=1
gpgcheck=0
`);
});

test('keys switch the check on', () => {
  const text = renderRepoFile({ ...CLOUDSTACK, gpgKeys: ['http://h/a.asc', 'file:///etc/pki/b'] });
  expect(text).toContain('gpgcheck=1\ngpgkey=http://h/a.asc file:///etc/pki/b\n');
});

describe('refuses', () => {
  test.each(['', 'a b', 'a/b', '../a', '.a', '-a', 'a]', 'a\nb', 'ä', 'a'.repeat(101)])('the id %j', (name) => {
    expect(() => renderRepoFile({ ...CLOUDSTACK, name })).toThrow(Malformed);
  });

  test.each(['', 'x', '/media', 'javascript:x', 'http://', 'http://h/ x', 'http://h/\nb=c', "http://h/'"])(
    'the URL %j',
    (baseUrl) => {
      expect(() => renderRepoFile({ ...CLOUDSTACK, baseUrl })).toThrow(Malformed);
      expect(() => renderRepoFile({ ...CLOUDSTACK, gpgKeys: [baseUrl] })).toThrow(Malformed);
    },
  );

  test.each(['', ' x', 'x\nenabled=0', 'x # y'])('the title %j', (title) => {
    expect(() => renderRepoFile({ ...CLOUDSTACK, title })).toThrow(Malformed);
  });
});

test('dnf knows the repo, and an INI reader every value', (context) => {
  const missing = ['dnf', 'python3'].some((tool) => spawnSync(tool, ['--version']).error !== undefined);
  if (missing && process.env['CI'] === undefined) return context.skip();
  const file = join(scratch, 'cloudstack.repo');
  const baseUrl = 'http://127.0.0.1:9/repos/cloudstack@20261122T030000Z/';
  writeFileSync(file, renderRepoFile({ ...CLOUDSTACK, baseUrl }));
  const places = ['reposdir', 'cachedir', 'logdir', 'persistdir'].map((name) => `--setopt=${name}=${scratch}`);
  const list = execFileSync('dnf', ['-q', ...places, '--releasever=6', 'repolist', '--all']).toString();
  expect(list).toMatch(/^cloudstack +cloudstack +enabled$/m);
  const read =
    'import configparser,json,sys; c=configparser.RawConfigParser(); c.read(sys.argv[1]); print(json.dumps(c._sections))';
  const sections: unknown = JSON.parse(execFileSync('python3', ['-c', read, file]).toString());
  expect(sections).toEqual({ cloudstack: { name: 'cloudstack', baseurl: baseUrl, enabled: '1', gpgcheck: '0' } });
});
