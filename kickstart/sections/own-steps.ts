// The operator's own steps of %post: each runs as a script of its own, so that nothing in it can break the others.

import type { Install } from '../../server/domain.ts';
import { heredoc } from '../quote.ts';
import type { Step } from './steps.ts';

/** The steps, after all of the role's. A step is a file for bash, whose unbalanced quotes end it alone; its input is empty. */
export function ownSteps({ custom }: Install): readonly Step[] {
  return custom.steps.map(({ name, run }) => ({
    name,
    why: "The profile's own.",
    commands: `own=$(mktemp)
trap 'rm -f "$own"' EXIT
${heredoc(run.endsWith('\n') ? run : `${run}\n`, '> "$own"')}bash -e "$own" </dev/null`,
  }));
}
