// kickstand site check | show | plan.

import { resolve } from 'node:path';
import { planAddresses, renderPlan } from '../../server/site/plan.ts';
import { renderProblems } from '../../server/site/problems.ts';
import { renderSite, showSite } from '../../server/site/show.ts';
import { loadSite } from '../../server/site/store.ts';
import { readContext, readSite } from './context.ts';
import type { Args, Flags } from './context.ts';
import type { ExitCode } from './output.ts';
import { print } from './output.ts';

/** `site check [FILE]`: exit 1 and every problem, or exit 0. */
export async function checkCommand([file]: Args, flags: Flags): Promise<ExitCode> {
  const { settings, output } = readContext(flags);
  const path = typeof file === 'string' ? resolve(file) : settings.siteFile;
  const parsed = await loadSite(path);
  const problems = parsed.kind === 'problems' ? parsed.problems : [];
  const shown = typeof file === 'string' ? file : path;
  print(
    output,
    { file: shown, problems },
    problems.length === 0 ? `${shown}: no problems` : renderProblems(problems, shown),
  );
  return problems.length === 0 ? 0 : 1;
}

/** `site show`: the site with every default written out, as YAML. */
export async function showCommand(_args: Args, flags: Flags): Promise<ExitCode> {
  const context = readContext(flags);
  const site = await readSite(context);
  print(context.output, showSite(site), renderSite(site));
  return 0;
}

/** `site plan`: who has which address. */
export async function planCommand(_args: Args, flags: Flags): Promise<ExitCode> {
  const context = readContext(flags);
  const rows = planAddresses(await readSite(context));
  print(context.output, rows, renderPlan(rows));
  return 0;
}
