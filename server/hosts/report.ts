// What an installer reports, read from a query or a JSON body: hostile text, bounded.

import { z } from 'zod';
import type { No } from '../malformed.ts';
import { no } from '../malformed.ts';
import { oneLine } from '../printable.ts';

/** A stage an installer reached. `installed` and `failed` end an install; any other is a step on the way. */
export type Report = { readonly stage: string; readonly message: string };

const reportShape = z.object({
  stage: z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/i),
  message: z.string().max(4000).optional(),
});

/** Reads `stage` and `message`. Control characters in the message become blanks: it is shown on terminals and pages. */
export function parseReport(values: unknown): Report | No {
  const parsed = reportShape.safeParse(values);
  if (!parsed.success) return no('a report needs a stage: a short word of letters, digits, dots and dashes');
  return { stage: parsed.data.stage.toLowerCase(), message: oneLine(parsed.data.message ?? '') };
}
