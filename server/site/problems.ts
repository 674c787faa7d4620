// Problems of a file as lines for a terminal, in the form that editors and grep understand. Pure.

import type { Problem } from '../malformed.ts';

/**
 * One line a problem, a line feed after each: `site.yaml:34: hosts[2].address: … — did you mean …?`. Empty for none.
 * Texts from the file are already escaped by those who quote them; control characters left over become `?`.
 */
export function renderProblems(problems: readonly Problem[], fileName: string): string {
  return problems.map((problem) => `${renderProblem(problem, fileName)}\n`).join('');
}

function renderProblem({ path, line, message, remedy }: Problem, fileName: string): string {
  const place = line === undefined ? fileName : `${fileName}:${line}`;
  const parts = [place, path, message].filter((part) => part !== '').join(': ');
  const text = remedy === undefined ? parts : `${parts} — ${remedy}`;
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, '?');
}
