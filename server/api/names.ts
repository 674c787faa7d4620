// The path parameters of the API: names as the site file and the accounts have them. Nothing else gets past.

import { z } from 'zod';
import { parseMac } from '../address.ts';
import { Malformed } from '../malformed.ts';
import { OPERATOR_NAME } from '../accounts/rights.ts';
import { LABEL, NAME } from '../site/values.ts';

const word = (pattern: string, description: string) => z.string().regex(new RegExp(pattern)).describe(description);

export const hostParam = z.strictObject({ host: word(LABEL, 'The name of a host.') });
export const repoParam = z.strictObject({ repo: word(NAME, 'The name of a repo.') });
export const treeParam = z.strictObject({ tree: word(NAME, 'The name of a tree.') });
export const operatorParam = z.strictObject({ operator: word(OPERATOR_NAME, 'The name of an operator.') });
export const accountName = z
  .string()
  .regex(new RegExp(OPERATOR_NAME), 'begins with a letter; lower-case letters, digits, dots, dashes, at most 32');
export const accountPassword = z.string().max(256);
export const tokenParam = z.strictObject({ token: word('^[A-Za-z0-9_-]{1,40}$', 'The id of a token.') });
export const versionParam = z.strictObject({ version: word('^[1-9]\\d{0,8}$', 'A version of the site file.') });
export const jobParam = z.strictObject({ job: word('^[A-Za-z0-9_-]{1,40}$', 'The id of a job.') });
export const macParam = z.strictObject({
  mac: word('^[0-9A-Fa-f]{2}(?:[:-][0-9A-Fa-f]{2}){5}$', 'A MAC address.').refine(
    isMac,
    'is no MAC address of one card',
  ),
});

/** A group's address has the form of one too. */
function isMac(text: string): boolean {
  try {
    parseMac(text);
    return true;
  } catch (error) {
    if (error instanceof Malformed) return false;
    throw error;
  }
}

const wholeNumber = z
  .string()
  .regex(/^\d{1,15}$/, 'is a whole number')
  .transform(Number);

/** Behind which one of a list to read on, in a query; undefined where nothing is said. */
export const after = wholeNumber.optional().meta({
  type: 'string',
  description: 'The next of the page before, or 0: from the beginning. The newest where absent.',
});

/** A whole number in a query. */
export const count = (least: number, most: number, usual: number) =>
  wholeNumber
    .refine((value) => value >= least && value <= most, `is from ${least} to ${most}`)
    .default(usual)
    .meta({ type: 'string', description: `A whole number from ${least} to ${most}; ${usual} where absent.` });
