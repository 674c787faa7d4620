// ipxe.ts: goldens, and the rules of a language without quoting.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ipxeTrampoline, ipxeWord, renderIpxe } from '../../../server/boot/ipxe.ts';
import { Malformed } from '../../../server/malformed.ts';
import { everyInstall, hostileLocal, installing, told } from '../../support/boot-decisions.ts';
import { golden } from '../../support/golden.ts';
import { hypervisor, minimal } from '../../support/installs.ts';

const AT = { origin: 'http://192.168.168.26:8080' };

describe('goldens', () => {
  test.each(everyInstall)('%s', (name, decision) => golden(`boot/ipxe-${name}.ipxe`, renderIpxe(decision, AT)));
  test('boot your own disk', () => golden('boot/ipxe-local.ipxe', renderIpxe(hostileLocal, AT)));
  test('who are you?', () => golden('boot/ipxe-trampoline.ipxe', ipxeTrampoline(AT.origin)));
});

describe('every script', () => {
  const scripts: readonly (readonly [string, string])[] = [
    ...everyInstall.map(([name, decision]) => [name, renderIpxe(decision, AT)] as const),
    ['local boot', renderIpxe(hostileLocal, AT)],
    ['trampoline', ipxeTrampoline(AT.origin)],
  ];

  test.each(scripts)('%s: starts as iPXE recognises one, ends with a failure for the firmware', (_, text) => {
    expect(text.startsWith('#!ipxe\n')).toBe(true);
    expect(text).toMatch(/\nexit 1\n$/);
  });

  test.each(scripts)('%s: every label it goes to is there, once', (_, text) => {
    const labels = [...text.matchAll(/^:(\w+)$/gm)].map(([, label]) => label);
    const wanted = [...text.matchAll(/\bgoto (\w+)/g)].map(([, label]) => label);
    expect(new Set(labels).size).toBe(labels.length);
    expect(wanted.filter((label) => !labels.includes(label))).toEqual([]);
  });

  test.each(scripts)('%s: every loop is bounded', (_, text) => {
    const loops = text.match(/^goto again$/gm) ?? [];
    const bounds = text.match(/^iseq \$\{attempt\} 4 && goto failed \|\|\nsleep 3 \|\|\ngoto again$/gm) ?? [];
    expect(bounds.length).toBe(loops.length);
    expect(text.match(/^inc attempt$/gm) ?? []).toHaveLength(loops.length);
  });
});

describe('UEFI', () => {
  const detourOf = (install: Parameters<typeof installing>[0]): string =>
    /^:uefi\n([\s\S]*?)^:end$/m.exec(renderIpxe(installing(install), AT))?.[1] ?? '';

  test.each([
    ['RHEL 6, whose kernel has no EFI stub', minimal('6.2'), 'chain http://192.168.168.26:8080/boot/grubx64.efi ||'],
    ['XCP-ng', hypervisor('xcp-ng', '8.3'), 'chain http://192.168.168.26:8080/EFI/xenserver/grubx64.efi ||'],
    ['XenServer 6', hypervisor('xenserver', '6.0.2'), 'cannot boot by UEFI'],
  ])('%s', (_, install, wanted) => expect(detourOf(install)).toContain(wanted));

  test.each(['7.9', '8.10', '9.6', '10.0'])('RHEL %s starts by itself', (version) =>
    expect(renderIpxe(installing(minimal(version)), AT)).not.toContain('uefi'),
  );
});

describe('words', () => {
  test.each(['a&&b', 'a||b', '&', '|', '$', '$x', 'a#b', 'a;b', "it's", '{}', 'ks=http://a/b?token=c&d=e'])(
    '%j stays as it is',
    (word) => expect(ipxeWord(word)).toBe(word),
  );

  test.each(['', 'a b', '&&', '||', ';', '#x', '${netX/mac}', 'a${', 'a\\', 'a\tb', 'a\nb', 'é', '\0'])(
    '%j cannot be said and is refused',
    (word) => expect(() => ipxeWord(word)).toThrow(Malformed),
  );

  test('whatever they hold, they stay one word of one command, or are refused', () => {
    const plain = installing(minimal('9.6'));
    const shape = renderIpxe(told(plain, ['WORD']), AT);
    const hostile = fc.oneof(
      fc.string({ unit: fc.constantFrom('$', '{', '}', '&', '|', ';', '#', ' ', '\n', 'a', '\\') }),
      fc.string({ unit: 'binary' }),
    );
    fc.assert(
      fc.property(hostile, (word) => {
        let text: string;
        try {
          text = renderIpxe(told(plain, [word]), AT);
        } catch (error) {
          expect(error).toBeInstanceOf(Malformed);
          return;
        }
        expect(text).toBe(shape.replace('WORD', () => word));
        const line = text.split('\n').find((each) => each.startsWith('kernel ')) ?? '';
        const words = line.split(/\s+/);
        expect(words[3]).toBe(word);
        // As src/core/exec.c ends a command: at these words, or at a comment. `${` belongs to us alone.
        expect(words.filter((each) => ['&&', '||', ';'].includes(each) || each.startsWith('#'))).toEqual(['||']);
        expect(line.match(/\$\{[^}]*\}?/g)).toEqual(['${netX/mac:hexhyp}']);
      }),
    );
  });
});
