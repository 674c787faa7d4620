// Steps of a shell script: each announced, logged and reported, the first failure ends the script. Bash, as on RHEL 6 to 10.

import type { BuiltInStep } from '../../server/customization.ts';
import type { Install } from '../../server/domain.ts';
import { comment } from '../quote.ts';
import { reportFunction } from './report.ts';

/** One step. `name` is a short word of letters, digits and dashes; `commands` is shell text, run with `set -e`. */
export type Step = { readonly name: string; readonly why: string; readonly commands: string };

/** A step of the built-in %post: its name is one that the site keeps from the operator's own. */
export type PostStep = Step & { readonly name: BuiltInStep };

/** What `stepFunctions` needs: `stage` names the whole in reports (`post`, `first-boot`), `log` is the file all of it writes to. */
export type StepScript = { readonly stage: string; readonly log: string; readonly onFailure: string };

/**
 * Shell text that defines `begin NAME` and `finish STATUS`. A step is reported when it begins (`post.NAME`) and when it has
 * ended (`post.NAME.done`, with the seconds it took); a failure with the end of the log. `onFailure` is a command run after a
 * failure was reported, before the script exits with 1.
 */
export function stepFunctions(install: Install, { stage, log, onFailure }: StepScript): string {
  return `${reportFunction(install)}
# begin NAME: says which step comes now, here and to the appliance.
begin() {
  current_step=$1
  step_began=$SECONDS
  echo "== $(date) $current_step"
  report "${stage}.$current_step"
}

# finish STATUS: says that the step has ended, or ends the script when it failed.
finish() {
  step_took=$((SECONDS - step_began))
  if [ "$1" -eq 0 ]; then
    echo "== $(date) $current_step done in $step_took s"
    report "${stage}.$current_step.done" "$step_took+s"
    return 0
  fi
  echo "== $(date) $current_step FAILED with status $1 after $step_took s"
  report failed "${stage}+step+$current_step+ended+with+status+$1" ${log}
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
