// The addresses of a rehearsal: does every URL of this appliance that the instructions name lead to what is there?

import { openContentFiles } from '../../mirror/content/cache/store.ts';
import { parseContentPath } from '../../mirror/content/path.ts';
import type { Install } from '../domain.ts';
import { isNo, no } from '../malformed.ts';
import { contentParts, publishPaths } from './content.ts';
import type { House } from './house.ts';
import { green, red, type RehearsalStep } from './rehearsal-step.ts';

/** Looks each up as the port would. Routes that are no content (reports, for one) are there whenever the appliance runs. */
export async function rehearseAddresses(house: House, { origin }: Install, text: string): Promise<RehearsalStep> {
  const files = openContentFiles();
  try {
    const content = contentParts(house, files);
    const found = new Set<string>();
    for (const target of targetsIn(text, origin)) {
      const path = parseContentPath(target, publishPaths(house));
      if (path.kind === 'other') continue;
      const place = await content.locate(path);
      if (isNo(place)) return red('addresses', no(`${origin}${target}: ${place.reason}`, place.remedy));
      found.add(target);
    }
    return green('addresses', `${found.size} of this appliance lead to what is there`);
  } finally {
    files.close();
  }
}

/** The targets below `origin`, each once, in their order. */
function targetsIn(text: string, origin: string): ReadonlySet<string> {
  const targets = new Set<string>();
  for (let at = text.indexOf(`${origin}/`); at !== -1; at = text.indexOf(`${origin}/`, at + 1)) {
    const [url = ''] = /^[!-~]*?(?=['"$<\\]|\s|$)/.exec(text.slice(at, at + 2048)) ?? [];
    targets.add(url.slice(origin.length).replace(/[?#].*$/s, ''));
  }
  return targets;
}
