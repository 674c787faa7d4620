// Which version is newer: rpm's rule, row by row, and rpm's own verdicts where the samples are there.

import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { compareEvr, compareVersions } from '../../../mirror/rpm/evr.ts';

describe('versions', () => {
  test.each<[string, '<' | '=' | '>', string]>([
    ['1.0', '=', '1.0'],
    ['1.0', '<', '1.0.1'],
    ['6.04', '>', '6.4~rc1'],
    ['4.05', '=', '4.5'],
    ['4.10', '>', '4.9'],
    ['2.02a', '>', '2.02'],
    ['2.02', '>', '2.a'],
    ['1.0~rc1', '<', '1.0'],
    ['1.0^git1', '>', '1.0'],
    ['1.0^git1', '<', '1.0.1'],
    ['1.0^git1~pre', '<', '1.0^git1'],
    ['1_0', '=', '1.0'],
    ['20191125999999999999999', '>', '20191125999999999999998'],
  ])('%s %s %s', (a, sign, b) => {
    const expected = { '<': -1, '=': 0, '>': 1 }[sign];
    expect(compareVersions(a, b)).toBe(expected);
    expect(compareVersions(b, a) + expected).toBe(0);
  });
});

test('an epoch goes before a version, a version before a release', () => {
  const evr = (epoch: number, version: string, release: string) => ({ epoch, version, release });
  expect(compareEvr(evr(1, '1', '1'), evr(0, '9', '9'))).toBe(1);
  expect(compareEvr(evr(0, '1', '9'), evr(0, '2', '1'))).toBe(-1);
  expect(compareEvr(evr(0, '2', '2.el8'), evr(0, '2', '10.el8'))).toBe(-1);
});

const samples = new URL('../../../../shared/samples/rpm-vercmp/vercmp.json', import.meta.url).pathname;

test.skipIf(!existsSync(samples))("rpm's verdicts on the samples", () => {
  const rows = JSON.parse(readFileSync(samples, 'utf8')) as { a: string; b: string; expect: number }[];
  const wrong = rows.filter((row) => compareVersions(row.a, row.b) !== row.expect);
  expect(rows.length).toBeGreaterThan(100);
  expect(wrong).toEqual([]);
});
