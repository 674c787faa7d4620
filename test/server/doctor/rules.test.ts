// The table of rules: every one has a story that it tells, under a name that is its own.

import { readFileSync, readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { hostRules } from '../../../server/doctor/rules/host.ts';
import { bootRules } from '../../../server/doctor/verdict.ts';

/** `transfer-running` is what others call `waiting`. */
const UNSPOKEN = ['transfer-running'];

test('every rule speaks in a test', () => {
  const here = new URL('.', import.meta.url).pathname;
  const texts = readdirSync(here).filter((name) => name.startsWith('verdict-'));
  const text = texts.map((name) => readFileSync(`${here}${name}`, 'utf8')).join('');
  const names = new Set([...bootRules, ...hostRules].map(({ name }) => name));
  expect([...names].filter((name) => !text.includes(`'${name}'`))).toEqual(UNSPOKEN);
});
