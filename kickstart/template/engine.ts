// Liquid, held to values in and text out: no files, no functions, no filter or tag but those named here, and never for long.

import type { FilterImplOptions } from 'liquidjs';
import { Liquid, LiquidError } from 'liquidjs';
import { no } from '../../server/malformed.ts';
import type { No } from '../../server/malformed.ts';

/** What is rendered. `filters` are added to the engine's own; one that throws ends the rendering. */
export type TemplateInput = {
  readonly name: string;
  readonly text: string;
  readonly snippets: Readonly<Record<string, string>>;
  readonly context: Readonly<Record<string, unknown>>;
  readonly filters: Readonly<Record<string, (value: string) => string>>;
};

/** The engine's, without those that make markup, take the clock or work on untyped objects. */
const FILTERS = new Set(
  'append capitalize compact concat default divided_by downcase escape_once first floor join last lstrip map minus modulo plus prepend remove remove_first replace replace_first reverse rstrip size slice sort split strip strip_newlines times uniq upcase where'.split(
    ' ',
  ),
);
const TAGS = new Set(
  'assign capture case comment echo for if liquid raw render unless increment decrement break continue'.split(' '),
);
/** Characters to parse, milliseconds to render, units of its own to hold. */
const LIMITS = { parseLimit: 2_000_000, renderLimit: 2000, memoryLimit: 10_000_000 } as const;

/** The text, or what is wrong with the template, with its line and column. */
export function renderTemplate({ name, text, snippets, context, filters }: TemplateInput): string | No {
  const engine = new Liquid({
    // Held in memory: without it the engine would look into the working directory.
    templates: { ...snippets },
    strictVariables: true,
    strictFilters: true,
    ownPropertyOnly: true,
    lenientIf: true,
    ...LIMITS,
  });
  for (const filter of Object.keys(engine.filters))
    if (!FILTERS.has(filter)) Reflect.deleteProperty(engine.filters, filter);
  for (const tag of Object.keys(engine.tags)) if (!TAGS.has(tag)) Reflect.deleteProperty(engine.tags, tag);
  for (const [filter, work] of Object.entries(filters)) engine.registerFilter(filter, textFilter(work));
  try {
    const rendered: unknown = engine.renderSync(engine.parse(text, `${name}.ks`), { ...context });
    return String(rendered);
  } catch (error) {
    return no(`the template ${name}: ${describe(error)}`, 'docs/templates.md tells what a template may ask for');
  }
}

function textFilter(work: (value: string) => string): FilterImplOptions {
  return (value: unknown) => {
    if (typeof value !== 'string' && typeof value !== 'number') throw new Error('takes one text');
    return work(String(value));
  };
}

// The engine's messages name file, line and column; they may quote a line of the template, never a value.
function describe(error: unknown): string {
  if (!(error instanceof LiquidError)) return error instanceof Error ? error.message : 'cannot be rendered';
  const [first = ''] = error.message.split('\n');
  return first.slice(0, 500);
}

/** Does the template parse, whatever its values? The fault, or undefined. */
export function templateFault(name: string, text: string): No | undefined {
  const engine = new Liquid({ templates: {}, ...LIMITS });
  for (const tag of Object.keys(engine.tags)) if (!TAGS.has(tag)) Reflect.deleteProperty(engine.tags, tag);
  try {
    engine.parse(text, `${name}.ks`);
    return undefined;
  } catch (error) {
    return no(`the template ${name}: ${describe(error)}`);
  }
}
