// Steps of a shell script: each announced, logged and reported, the first failure ends the script. Bash, as on RHEL 6 to 10.

import type { Install } from '../../server/domain.ts';
import { comment } from '../quote.ts';
import { reportFunction } from './report.ts';

/** One step. `name` is a short word of letters, digits and dashes; `commands` is shell text, run with `set -e`. */
export type Step = { readonly name: string; readonly why: string; readonly commands: string };

/** What `stepFunctions` needs: `stage` names the whole in reports (`post`, `first-boot`). */
export type StepScript = { readonly stage: string; readonly onFailure: string };

/**
 * Shell text that defines `begin NAME` and `finish STATUS`. `onFailure` is a command run after a failure was reported,
 * before the script exits with 1.
 */
export function stepFunctions(install: Install, { stage, onFailure }: StepScript): string {
  return `${reportFunction(install)}
# begin NAME: says which step comes now, here and to the appliance.
begin() {
  current_step=$1
  echo "== $(date) $current_step"
  report "${stage}.$current_step"
}

# finish STATUS: ends the script when the step failed.
finish() {
  if [ "$1" -eq 0 ]; then return 0; fi
  echo "== $(date) $current_step FAILED with status $1"
  report failed "${stage}+step+$current_step+ended+with+status+$1"
  ${onFailure}
  exit 1
}
`;
}

/** One step as shell text, in a subshell so that `set -e` holds in it and nothing leaks out of it. */
export function stepText(step: Step): string {
  return `${comment(step.why)}
begin ${step.name}
(
set -e
${step.commands.trimEnd()}
)
finish $?
`;
}
