// grub.ts: goldens, what GRUB's own parser says of them, and words that stay words.

import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { grubTrampoline, grubWord, renderGrub } from '../../../server/boot/grub.ts';
import { Malformed } from '../../../server/malformed.ts';
import { everyInstall, hostileLocal, installing, told } from '../../support/boot-decisions.ts';
import { golden } from '../../support/golden.ts';
import { minimal } from '../../support/installs.ts';

const AT = { origin: 'http://192.168.168.26' };
const inCi = process.env['CI'] !== undefined;
const hasChecker = spawnSync('grub-script-check', ['--version']).status === 0;

/** What GRUB's parser says against `text`: nothing where it is well-formed. */
function complaintsOf(text: string): string {
  return spawnSync('grub-script-check', [], { input: text }).stderr.toString();
}

describe('goldens', () => {
  test.each(everyInstall)('%s', (name, decision) => golden(`boot/grub-${name}.cfg`, renderGrub(decision, AT)));
  test('boot your own disk', () => golden('boot/grub-local.cfg', renderGrub(hostileLocal, AT)));
  test('who are you?', () => golden('boot/grub-trampoline.cfg', grubTrampoline()));
});

describe('every text', () => {
  const texts: readonly (readonly [string, string])[] = [
    ...everyInstall.map(([name, decision]) => [name, renderGrub(decision, AT)] as const),
    ['local boot', renderGrub(hostileLocal, AT)],
    ['trampoline', grubTrampoline()],
  ];

  test.skipIf(!hasChecker && !inCi).each(texts)('%s: GRUB can read it', (_, text) =>
    expect(complaintsOf(text)).toBe(''),
  );

  test.each(texts)('%s: ends with `exit`, never at a shell', (_, text) => expect(text).toMatch(/\nexit 1\n$/));

  // To GRUB's scripts an unknown command has succeeded: `if linuxefi …` would take the wrong branch.
  test.each(texts)('%s: what is asked by `if` exists, or has a function that fails', (_, text) => {
    const asked = [...text.matchAll(/^ *if (\S+)/gm)].map(([, command = '']) => command);
    const alwaysThere = new Set(['[', 'initrd', 'initrdefi']);
    const functions = new Set([...text.matchAll(/^function (\S+) \{ return 1; \}$/gm)].map(([, name]) => name));
    expect(asked.filter((command) => !alwaysThere.has(command) && !functions.has(command))).toEqual([]);
  });
});

describe('Linux', () => {
  const commands = (version: string): readonly string[] =>
    [...renderGrub(installing(minimal(version)), AT).matchAll(/if (linux\S*) /g)].map(([, command = '']) => command);

  test.each([
    ['6.2', ['linux'], 'its kernel has no EFI stub'],
    ['7.9', ['linuxefi', 'linux'], 'its GRUB needs linuxefi under Secure Boot'],
    ['8.10', ['linux', 'linuxefi'], 'linux does the same'],
    ['9.6', ['linux', 'linuxefi'], 'as 8'],
    ['10.0', ['linux', 'linuxefi'], 'linuxefi may be gone'],
  ])('RHEL %s: %j, as %s', (version, expected) => expect(commands(version)).toEqual(expected));

  test.each([
    ['http://192.168.168.26', "'(http,192.168.168.26)/boot/trees/rhel9' '(tftp,192.168.168.26)/trees/rhel9'"],
    ['http://192.168.168.26:8080', "'(http,192.168.168.26:8080)/boot/trees/rhel9' '(tftp,192.168.168.26)/trees/rhel9'"],
  ])('from %s: by HTTP first, then by TFTP', (origin, places) =>
    expect(renderGrub(installing(minimal('9.6')), { origin })).toContain(`\nfor tree in ${places}; do\n`),
  );
});

describe('words', () => {
  test.each([
    ['quiet', 'quiet'],
    ['inst.ks=http://a/b?token=c&d=e;f', "'inst.ks=http://a/b?token=c&d=e;f'"],
    ['$root', "'$root'"],
    ['{', "'{'"],
    ['#x', "'#x'"],
    ['a*?b', "'a*?b'"],
  ])('%s is written %s', (word, written) => expect(grubWord(word)).toBe(written));

  test.each(['', 'a b', "it's", '"', 'a\\', 'a\nb', 'é', '\0'])('%j is refused', (word) =>
    expect(() => grubWord(word)).toThrow(Malformed),
  );

  const printable = fc.string({ unit: fc.integer({ min: 32, max: 126 }).map((code) => String.fromCharCode(code)) });

  test('whatever they hold, they stay one word of one command, or are refused', () => {
    const plain = installing(minimal('9.6'));
    const shape = linesOf(renderGrub(told(plain, ['word']), AT), 'word');
    fc.assert(
      fc.property(fc.oneof(printable, fc.string({ unit: 'binary' })), (word) => {
        let text: string;
        try {
          text = renderGrub(told(plain, [word]), AT);
        } catch (error) {
          expect(error).toBeInstanceOf(Malformed);
          return;
        }
        expect(linesOf(text, grubWord(word))).toEqual(shape);
        expect(unquoted(grubWord(word))).toBe(word);
      }),
    );
  });

  test.skipIf(!hasChecker && !inCi)('GRUB can read whatever was not refused', () => {
    const words = fc.sample(printable, 300).filter((word) => {
      try {
        return grubWord(word) !== '';
      } catch {
        return false;
      }
    });
    expect(words.length).toBeGreaterThan(20);
    expect(complaintsOf(renderGrub(told(installing(minimal('9.6')), words), AT))).toBe('');
  });
});

describe('refused', () => {
  test.each(['images/px eboot/vmlinuz', "x'y", 'a//b', '/a', 'a;b', 'ké'])('a kernel called %j', (kernel) => {
    const { install } = installing(minimal('9.6'));
    const boot = { kind: 'linux', kernel, initrd: 'initrd.img' } as const;
    const tree = { ...install.tree, facts: { ...install.tree.facts, boot } };
    expect(() => renderGrub({ ...installing(minimal('9.6')), install: { ...install, tree } }, AT)).toThrow(Malformed);
  });

  test.each(['https://192.168.168.26', 'http://a b', 'http://a/b', "http://a'", 'http://a:x'])(
    'the origin %j',
    (origin) => expect(() => renderGrub(installing(minimal('9.6')), { origin })).toThrow(Malformed),
  );
});

/** The lines of `text`, with `word` marked where it stands as the last word before `; then`. */
function linesOf(text: string, word: string): readonly string[] {
  return text
    .split('\n')
    .map((line) => (line.endsWith(` ${word}; then`) ? `${line.slice(0, -word.length - 7)} ·` : line));
}

/** As GRUB's lexer reads one word: single quotes keep all, and nothing else here has a meaning. */
function unquoted(written: string): string | undefined {
  return /^'([^']*)'$/.exec(written)?.[1] ?? (/^[A-Za-z0-9_./:@%+=,-]+$/.test(written) ? written : undefined);
}
