// What a tree is planned to be mirrored with: the real .treeinfo of two decades, and lists that lie.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseHref } from '../../../../mirror/rpm/href.ts';
import { parseExtraFiles, parseRepositoryList, parseXsPackages } from '../../../../mirror/tree/remote/lists.ts';
import { planRoot, ROOT_PATHS } from '../../../../mirror/tree/remote/root.ts';
import type { TreePlan } from '../../../../mirror/tree/remote/wanted.ts';
import { Malformed } from '../../../../server/malformed.ts';
import { golden } from '../../../support/golden.ts';

const SAMPLES = join(import.meta.dirname, '../../../../../shared/samples');
const TREEINFO = join(SAMPLES, 'treeinfo');
const [path = parseHref('.treeinfo', 'test')] = ROOT_PATHS;
const planText = (text: string): TreePlan => planRoot({ path, bytes: Buffer.from(text) });

/** `+` is proved by a checksum of the tree, `-` by nothing it says. */
function lines(plan: TreePlan): readonly string[] {
  const mark = (checksum: unknown): string => (checksum === undefined ? '-' : '+');
  const files = plan.files.filter(({ need }) => need !== 'usual');
  return [
    ...files.map((file) => `  ${file.need} ${mark(file.checksum)} ${file.path}`),
    ...plan.repositories.map((one) => `  ${one.need} ${mark(one.checksum)} repository /${one.path}`),
    ...plan.notes.map((note) => `  note: ${note}`),
  ];
}

describe.skipIf(!existsSync(TREEINFO))('real trees', () => {
  test('are planned as in the golden file', () => {
    const names = readdirSync(TREEINFO).filter((name) => name.endsWith('.treeinfo'));
    const blocks = names.toSorted().map((name) => {
      try {
        return [name, ...lines(planRoot({ path, bytes: readFileSync(join(TREEINFO, name)) }))].join('\n');
      } catch (error) {
        if (!(error instanceof Malformed)) throw error;
        return `${name}\n  refused: ${error.message}`;
      }
    });
    golden('tree/remote-plans.txt', `${blocks.join('\n')}\n`);
  });

  test('list packages of XenServer', () => {
    const read = (name: string): Buffer => readFileSync(join(SAMPLES, 'xenserver-repo', name));
    expect(parseRepositoryList(Buffer.from('packages.main\r\n\npackages.main\n../out\n'))).toEqual(['packages.main']);
    // Its digests are words, not digests.
    expect(() => parseXsPackages(read('XS-PACKAGES'), parseHref('packages.main', 'test'))).toThrow(Malformed);
  });
});

const HEAD = '[general]\nfamily = CentOS\nversion = 7.9\narch = x86_64\n';

describe('a plan', () => {
  test.each<[string, string, readonly string[]]>([
    [
      'without anything named asks for the usual kernel',
      '',
      ['required - images/pxeboot/initrd.img', 'required - images/pxeboot/vmlinuz'],
    ],
    [
      'knows a checksum by any spelling of its path',
      '[images-x86_64]\nkernel = ./images//pxeboot/vmlinuz\n[checksums]\nimages/x/../pxeboot/vmlinuz = md5:d41d8cd98f00b204e9800998ecf8427e\n',
      ['required - images/pxeboot/initrd.img', 'required + images/pxeboot/vmlinuz'],
    ],
    [
      'tells of a checksum nobody can compute',
      '[checksums]\nimages/boot.iso = whirl:00112233445566778899\n',
      ['named - images/boot.iso', 'note: the checksum of images/boot.iso is of an unknown kind: whirl'],
    ],
    [
      'takes a repository that only a checksum names',
      '[checksums]\nextras/repodata/repomd.xml = md5:d41d8cd98f00b204e9800998ecf8427e\n',
      ['named + repository /extras'],
    ],
    [
      'leaves what lies in a repodata to its repomd.xml',
      '[checksums]\nrepodata/comps.xml = md5:d41d8cd98f00b204e9800998ecf8427e\n',
      ['usual - repository /'],
    ],
    [
      'leaves out a variant above the tree',
      '[variant-A]\nid = A\nrepository = ../A\n',
      ['note: A lies outside the tree, at ../A: mirror it as a repo, and name that in the profile'],
    ],
  ])('%s', (_what, text, expected) => {
    const planned = lines(planText(HEAD + text)).map((line) => line.trim());
    expect(planned).toEqual(expect.arrayContaining([...expected]));
    expect(planned.join('\n')).not.toContain('comps.xml');
  });

  test.each<[string, string, string]>([
    ['a digest that is too short', '[checksums]\na = sha256:00112233445566778899\n', 'not a sha256 digest'],
    ['a path that no file can have', `[images-x86_64]\nkernel = ${'x'.repeat(300)}\n`, 'too long'],
    ['a path with a control character', '[images-x86_64]\nkernel = a\u0001b\n', 'control character'],
    ['a kernel above the tree', '[images-x86_64]\nkernel = a/../../b\n', 'outside of it'],
    [
      'too many repositories',
      Array.from({ length: 60 }, (_, n) => `[variant-${n}]\nrepository = r${n}\n`).join(''),
      'too many',
    ],
  ])('is refused for %s', (_what, text, reason) => {
    expect(() => planText(HEAD + text)).toThrow(reason);
  });

  test('never leads out of the tree, whatever is written', () => {
    const word = fc.oneof(
      fc.constantFrom('..', '.', '', '/', '%2e%2e', '\\', 'a', 'repodata'),
      fc.string({ maxLength: 8 }),
    );
    const written = fc.array(word, { maxLength: 6 }).map((parts) => parts.join('/').replaceAll(/[\n\r;#]/g, ''));
    fc.assert(
      fc.property(written, written, (image, repository) => {
        const text = `${HEAD}[images-x86_64]\nboot.iso = ${image}\n[variant-A]\nrepository = ${repository}\n`;
        const plan = unlessMalformed(() => planText(text));
        for (const { path: one } of [...(plan?.files ?? []), ...(plan?.repositories ?? [])]) {
          expect(one.split('/')).not.toContain('..');
          expect(one.startsWith('/')).toBe(false);
        }
      }),
    );
  });
});

describe('lists that lie', () => {
  test.each<[string, () => unknown]>([
    ['no JSON', () => parseExtraFiles(Buffer.from('<html>'))],
    ['no list', () => parseExtraFiles(Buffer.from('{"data":{"file":"x"}}'))],
    ['a digest that is none', () => parseExtraFiles(Buffer.from('{"data":[{"file":"x","checksums":{"md5":"y"}}]}'))],
    ['a package above its directory', () => xsPackages('<p><package md5="" >../x</package></p>')],
    ['a size that is none', () => xsPackages('<p><package size="1e9">x</package></p>')],
    ['no XML', () => xsPackages('x')],
  ])('%s is refused', (_what, read) => {
    expect(read).toThrow(Malformed);
  });

  test('extra_files.json: the strongest checksum; what leads out is left out', () => {
    const sums = { md5: 'd41d8cd98f00b204e9800998ecf8427e', sha1: 'da39a3ee5e6b4b0d3255bfef95601890afd80709' };
    const text = JSON.stringify({
      data: [{ file: 'EULA', size: 0, checksums: sums }, { file: '../x' }, { file: 'GPL' }],
    });
    expect(parseExtraFiles(Buffer.from(text))).toEqual([
      { path: 'EULA', need: 'named', checksum: { type: 'sha1', digest: sums.sha1 }, sizeBytes: 0 },
      { path: 'GPL', need: 'named', checksum: undefined, sizeBytes: undefined },
    ]);
  });
});

function xsPackages(text: string): unknown {
  return parseXsPackages(Buffer.from(text), parseHref('packages.main', 'test'));
}

function unlessMalformed<T>(task: () => T): T | undefined {
  try {
    return task();
  } catch (error) {
    if (error instanceof Malformed) return undefined;
    throw error;
  }
}
