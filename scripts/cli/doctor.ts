// kickstand doctor: every check that an operator would make by hand, each problem with its remedy; exit 1 on any.

import { runChecks } from './doctor-checks.ts';
import { loaderTable } from './doctor-loaders.ts';
import { readContext } from './context.ts';
import type { ExitCode } from './output.ts';
import { print, table } from './output.ts';

/** Runs all checks, whatever the first ones say. */
export async function doctorCommand(
  _args: readonly unknown[],
  flags: Readonly<Record<string, unknown>>,
): Promise<ExitCode> {
  const context = readContext(flags);
  const { checks, loaders } = await runChecks(context);
  const problems = checks.filter((check) => !check.ok);
  const rows = checks.map((check) => [check.ok ? 'ok' : 'PROBLEM', check.what, check.found]);
  const remedies = problems.map(
    (check) => `${check.what}: ${check.found}\n  what to do: ${check.remedy ?? 'see the documentation'}`,
  );
  const verdict =
    problems.length === 0
      ? 'No problems.'
      : `${problems.length} ${problems.length === 1 ? 'problem' : 'problems'}:\n\n${remedies.join('\n')}`;
  const report = { ok: problems.length === 0, checks, loaders: loaders.loaders };
  const parts = [table(['', 'WHAT', 'FOUND'], rows), loaderTable(loaders), verdict];
  print(context.output, report, parts.join('\n'));
  return problems.length === 0 ? 0 : 1;
}
