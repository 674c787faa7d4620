// The JSON body of an enrolment → what an operator said of the machine. Pure.

import { z } from 'zod';
import type { No } from '../malformed.ts';
import { isNo } from '../malformed.ts';
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
/** `{ name, profile, network?, address? | range? }`; nothing else may be in it. */
export const enrolmentShape = z.strictObject({
  name: word,
  profile: word,
  network: word.optional(),
  address: word.optional(),
  range: word.optional(),
});

/** A body that was read. `No` where it names a place in two ways. */
export function enrolmentOf({
  name,
  profile,
  network,
  address,
  range,
}: z.output<typeof enrolmentShape>): EnrolmentBody | No {
  const place = placeOf({ address, range });
  return isNo(place) ? place : { kind: 'enrolment', name, profile, network, place };
}
