// Operating systems as a site file writes them.

import { describe, expect, test } from 'vitest';
import { formatOs, parseOs, sameOs } from '../../server/os.ts';
import { Malformed } from '../../server/malformed.ts';

describe('parseOs', () => {
  test.each([
    ['rhel-6.2-x86_64', 'rhel', '6.2', 6, 'x86_64'],
    ['rhel-10.0-aarch64', 'rhel', '10.0', 10, 'aarch64'],
    ['centos-7-x86_64', 'centos', '7', 7, 'x86_64'],
    ['xenserver-6.0.2-x86_64', 'xenserver', '6.0.2', 6, 'x86_64'],
    ['xcp-ng-8.3-x86_64', 'xcp-ng', '8.3', 8, 'x86_64'],
    ['oracle-9.3.0-x86_64', 'oracle', '9.3.0', 9, 'x86_64'],
    ['fedora-41-s390x', 'fedora', '41', 41, 's390x'],
  ])('%s', (text, family, version, major, arch) => {
    const os = parseOs(text);
    expect(os).toEqual({ family, version, major, arch });
    expect(formatOs(os)).toBe(text);
  });

  test.each([
    ['', 'nothing'],
    ['rhel', 'no version'],
    ['rhel-6.2', 'no architecture'],
    ['RHEL-6.2-x86_64', 'capitals'],
    ['rhel-6.2-x86_64 ', 'a blank'],
    ['rhel-six-x86_64', 'a version in letters'],
    ['rhel-6.-x86_64', 'a dot at the end'],
    ['rhel-6.2.3.4.5-x86_64', 'too many numbers'],
    ['rhel-6.2-X86', 'an architecture in capitals'],
    ['debian-12-amd64', 'a family that is not known'],
    ['constructor-1-x86_64', 'a name that objects inherit'],
    ['rhel-6.2-x86_64\nrhel-6.2-x86_64', 'two lines'],
  ])('refuses %j: %s', (text) => {
    expect(() => parseOs(text)).toThrow(Malformed);
  });
});

describe('sameOs', () => {
  test.each([
    ['rhel-6.2-x86_64', 'rhel-6.2-x86_64', true],
    ['xcp-ng-8.3-x86_64', 'xcp-ng-8.3.0-x86_64', true],
    ['rhel-6.2-x86_64', 'rhel-6.20-x86_64', false],
    ['rhel-6.2-x86_64', 'centos-6.2-x86_64', false],
    ['rhel-6.2-x86_64', 'rhel-6.2-i386', false],
    ['rhel-10-x86_64', 'rhel-1-x86_64', false],
  ])('%s and %s: %s', (one, other, same) => {
    expect(sameOs(parseOs(one), parseOs(other))).toBe(same);
  });
});
