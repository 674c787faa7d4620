// What speaks against the kickstarts of the operator's own that a site names: found at `site check`, not at the first boot.

import { templateFault } from '../../kickstart/template/engine.ts';
import { readTemplates } from '../../kickstart/template/store.ts';
import type { Site } from '../../server/domain.ts';
import type { Problem } from '../../server/malformed.ts';
import { formatPath } from '../../server/site/finding.ts';
import type { Path } from '../../server/site/finding.ts';

/**
 * Templates that are not there or do not parse, each once at the profile that names it; snippets are looked at with them.
 * What a template asks for is known only when it is rendered: `host render`, `host rehearse`.
 */
export async function templateProblems(
  site: Site,
  { directory, lineOf }: { readonly directory: string; readonly lineOf: (path: Path) => number | undefined },
): Promise<readonly Problem[]> {
  const named = site.profiles.flatMap(({ custom }, index) =>
    custom.template === undefined ? [] : [{ name: custom.template, path: ['profiles', index, 'template'] }],
  );
  if (named.length === 0) return [];
  const { kickstarts, snippets } = await readTemplates(directory);
  return named.flatMap(({ name, path }) => {
    const at = { path: formatPath(path), line: lineOf(path) };
    const text = kickstarts.get(name);
    if (text === undefined) {
      return [{ ...at, message: `there is no template ${name}.ks`, remedy: `put it into ${directory}` }];
    }
    const faults = [templateFault(name, text), ...[...snippets].map(([snippet, own]) => templateFault(snippet, own))];
    return faults.flatMap((fault) =>
      fault === undefined ? [] : [{ ...at, message: fault.reason, remedy: fault.remedy ?? 'docs/templates.md' }],
    );
  });
}
