// A kickstart from the operator's own text: its variables, the filters that fetch secrets and quote, and the placeholders of a preview.

import type { Install } from '../../server/domain.ts';
import type { No } from '../../server/malformed.ts';
import { isNo, no } from '../../server/malformed.ts';
import type { Template } from '../../server/templates.ts';
import { kickstartValue, shellWord } from '../quote.ts';
import { TOKEN_PLACEHOLDER, tokenText } from '../urls.ts';
import type { Sections } from './context.ts';
import { templateContext } from './context.ts';
import { renderTemplate } from './engine.ts';

/** Where a preview shows a secret. */
const SECRET_PLACEHOLDER = /@SECRET:([a-z0-9-]{1,64})@/g;

/**
 * The text of `template` for `install`; `values` are the secrets that the install names. Placeholders of secrets and of the token, as `host render` shows them, are filled in: so a
 * preview that was saved is a template already.
 */
export function fromTemplate(
  install: Install,
  template: Template,
  { sections, values }: { readonly sections: Sections; readonly values: ReadonlyMap<string, string> },
): string | No {
  const rendered = renderTemplate({
    ...template,
    context: templateContext(install, sections),
    filters: { secret: (name) => secretOf(name, values), shell_word: shellWord, kickstart_value: kickstartValue },
  });
  if (isNo(rendered)) return rendered;
  const filled = rendered
    .replaceAll(SECRET_PLACEHOLDER, (placeholder, name: string) => values.get(name) ?? placeholder)
    .replaceAll(TOKEN_PLACEHOLDER, tokenText(install));
  const unknown = [...filled.matchAll(SECRET_PLACEHOLDER)].find(([, name = '']) => !values.has(name));
  return unknown === undefined ? filled : no(`the template ${template.name}: ${notNamed(unknown[1] ?? '')}`, REMEDY);
}

/** Only what the install names: a template must not hand the appliance's own secrets to a machine. */
function secretOf(name: string, values: ReadonlyMap<string, string>): string {
  const value = values.get(name);
  if (value === undefined) throw new Error(`${notNamed(name)}: ${REMEDY}`);
  return value;
}

function notNamed(name: string): string {
  return `it asks for the secret ${JSON.stringify(name.slice(0, 64))}, which its profile does not name`;
}

const REMEDY = 'add it to secrets: of the profile';
