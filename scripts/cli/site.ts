// kickstand site check | show | plan. Its capacity is in capacity.ts.

import { basename, resolve } from 'node:path';
import { dataPaths, templateDirectory } from '../../server/assembly/house.ts';
import type { Problem } from '../../server/malformed.ts';
import { isNo } from '../../server/malformed.ts';
import { openSecretStore } from '../../server/secrets/store.ts';
import type { Path } from '../../server/site/finding.ts';
import { nextAddress } from '../../server/site/next-address.ts';
import { parseSite } from '../../server/site/parse.ts';
import { renderPlan } from '../../server/site/plan-text.ts';
import { planAddresses } from '../../server/site/plan.ts';
import { renderProblems } from '../../server/site/problems.ts';
import { renderSite, showSite } from '../../server/site/show.ts';
import { loadSite } from '../../server/site/store.ts';
import { readSiteText } from '../../server/site/text/store.ts';
import { readYaml } from '../../server/site/yaml.ts';
import { CommandFailed, readContext, readSite } from './context.ts';
import type { Args, Flags } from './context.ts';
import type { ExitCode, Output } from './output.ts';
import { print, refuse } from './output.ts';
import { secretProblems } from './site-secrets.ts';
import { templateProblems } from './site-templates.ts';

/** `site check [FILE]`: exit 1 and every problem, or exit 0. Of a right file, the secrets that are set and the templates are looked at too. */
export async function checkCommand([file]: Args, flags: Flags): Promise<ExitCode> {
  const { settings, output } = readContext(flags);
  const path = typeof file === 'string' ? resolve(file) : settings.siteFile;
  return printProblems(output, typeof file === 'string' ? file : path, await problemsOf(path, settings.dataDirectory));
}

async function problemsOf(path: string, dataDirectory: string): Promise<readonly Problem[]> {
  const read = await readSiteText(path);
  if (read.kind === 'problems') return read.problems;
  const parsed = parseSite(read.text, basename(path));
  if (parsed.kind === 'problems') return parsed.problems;
  const yaml = readYaml(read.text);
  const secrets = openSecretStore(dataPaths(dataDirectory).secrets).read;
  const lineOf = (at: Path): number | undefined => (yaml.kind === 'problems' ? undefined : yaml.lineOf(at));
  return [
    ...secretProblems(parsed.site, { secrets, lineOf }),
    ...(await templateProblems(parsed.site, { directory: templateDirectory(path), lineOf })),
  ];
}

/** `site show`: the site with every default written out, as YAML. */
export async function showCommand(_args: Args, flags: Flags): Promise<ExitCode> {
  const context = readContext(flags);
  const site = await readSite(context);
  print(context.output, showSite(site), renderSite(site));
  return 0;
}

/**
 * `site plan`: who has which address, and what is free. `--next NAME`: the next free address alone. A site whose addresses
 * are in conflict has no plan: its problems are told, and the exit code is 1.
 */
export async function planCommand(_args: Args, flags: Flags): Promise<ExitCode> {
  const { settings, output } = readContext(flags);
  const parsed = await loadSite(settings.siteFile);
  if (parsed.kind === 'problems') {
    if (output.json) return printProblems(output, settings.siteFile, parsed.problems);
    throw new CommandFailed(renderProblems(parsed.problems, settings.siteFile).trimEnd(), 1);
  }
  const { next } = flags;
  if (typeof next !== 'string') {
    const rows = planAddresses(parsed.site);
    print(output, rows, renderPlan(rows));
    return 0;
  }
  const found = nextAddress(parsed.site, next);
  if (isNo(found)) return refuse(output, found);
  print(output, found, found.address);
  return 0;
}

function printProblems(output: Output, file: string, problems: readonly Problem[]): ExitCode {
  print(output, { file, problems }, problems.length === 0 ? `${file}: no problems` : renderProblems(problems, file));
  return problems.length === 0 ? 0 : 1;
}
