// Request targets as they are sent: which have a path at all, and what it is in origin form.

import { describe, expect, test } from 'vitest';
import { Malformed } from '../../server/malformed.ts';
import { originForm, parseTargetPath } from '../../server/target.ts';

describe('origin form', () => {
  test.each([
    ['/', '/'],
    ['/a/b?c', '/a/b?c'],
    ['//a//b', '/a//b'],
    ['http://h', '/'],
    ['http://h?x', '/?x'],
    ['http://h/a?b', '/a?b'],
    ['HTTP://u@h:8080/a', '/a'],
    ['https://[::1]:443/a', '/a'],
    ['/a%zz', '/a%zz'],
    ['/http://', '/http://'],
  ])('of %s is %s', (target, origin) => {
    expect(originForm(target)).toBe(origin);
  });

  test.each([
    'http://',
    'http:///a',
    'http://?a',
    'http://[::1',
    'http://[::1/repos/a',
    'http://h:port/a',
    'http://h:99999/',
    'http://@/a',
    'ftp://h/a',
    'a',
    '*',
    '',
    '/a#b',
    '/a b',
    '/é',
    '/\u0000',
  ])('is not to be had of %j', (target) => {
    expect(() => originForm(target)).toThrow(Malformed);
    expect(() => parseTargetPath(target)).toThrow(Malformed);
  });
});
