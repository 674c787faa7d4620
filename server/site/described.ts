// The small schemas that every part of the site file is made of: texts with a check and a description, names, secrets.

import { z } from 'zod';
import { SECRET_NAME } from '../secret.ts';
import type { ValueCheck } from './values.ts';
import * as values from './values.ts';

type Described = { readonly description: string; readonly pattern?: string; readonly examples?: string[] };

/** A text that `check` accepts; `T` is the branded type such a text has from then on. */
export function text<T extends string = string>(check: ValueCheck, described: Described): z.ZodType<T, string> {
  const schema = z.string().superRefine((value, context) => {
    const fault = check(value);
    if (fault === undefined) return;
    context.addIssue({ code: 'custom', message: fault.message, params: { remedy: fault.remedy } });
  });
  return schema.meta({ ...described }) as unknown as z.ZodType<T, string>;
}

/** The name of something in the site. */
export const name = (description: string) => text(values.checkName, { description, pattern: values.NAME });

/** Where a secret stands in for its text. */
export const secret = z.strictObject({
  secret: text(values.checkSecretName, {
    description: 'The name given to kickstand secret set.',
    pattern: SECRET_NAME,
  }),
});
