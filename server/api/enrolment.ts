// The JSON body of an enrolment → what an operator said of the machine, or why it cannot be read. Pure.

import { z } from 'zod';
import type { No } from '../malformed.ts';
import { isNo, no } from '../malformed.ts';
import type { EnrolmentPlace } from '../site/enrolment.ts';
import { placeOf } from '../site/enrolment.ts';

/** What the body says. Texts are as sent: the site's own checks judge them. */
export type EnrolmentBody = {
  readonly kind: 'enrolment';
  readonly name: string;
  readonly profile: string;
  readonly network: string | undefined;
  readonly place: EnrolmentPlace;
};

const word = z.string().min(1).max(255);
const body = z.strictObject({
  name: word,
  profile: word,
  network: word.optional(),
  address: word.optional(),
  range: word.optional(),
});

/** Reads `{ name, profile, network?, address? | range? }`; nothing else may be in it. */
export function parseEnrolment(given: unknown): EnrolmentBody | No {
  const parsed = body.safeParse(given);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const where = issue === undefined || issue.path.length === 0 ? 'the body' : issue.path.join('.');
    return no(`${where}: ${issue?.message ?? 'is not right'}`, 'send JSON: { "name": …, "profile": … }');
  }
  const { name, profile, network, address, range } = parsed.data;
  const place = placeOf({ address, range });
  return isNo(place) ? place : { kind: 'enrolment', name, profile, network, place };
}
