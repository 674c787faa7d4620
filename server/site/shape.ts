// Any value → findings about its shape, and a draft: what is left when all that is wrong has been taken out. Pure.

import type { core } from 'zod';
import type { Finding, Path } from './finding.ts';
import { finding, quoted } from './finding.ts';
import { EXAMINED, TOLD } from './limits.ts';
import { shapeIssues, siteJsonSchema, siteShape } from './schema.ts';
import type { SiteFile } from './schema.ts';
import { suggest } from './suggest.ts';
import type { YamlText } from './yaml.ts';

/** A value of which any part may be missing; each part that is there is right in itself. */
export type Loose<T> = T extends string | number | boolean
  ? T
  : T extends readonly (infer Item)[]
    ? readonly (Loose<Item> | undefined)[]
    : { readonly [Key in keyof T]?: Loose<T[Key]> | undefined };

export type Draft = Loose<SiteFile>;

/** A file under examination: the draft, and the value as it was read. */
export type Reading = { readonly draft: Draft; readonly value: unknown };

export type Shape = Reading & {
  readonly findings: readonly Finding[];
  /** Was so much wrong that not all of the file was looked at? */
  readonly stopped: boolean;
  /** The whole file, where its shape is right. */
  readonly file: SiteFile | undefined;
};

/** Compares a file's value with the schema. A file with more findings than are told has an empty draft. */
export function readShape(yaml: YamlText): Shape {
  const { value } = yaml;
  const long = longLists(value, siteJsonSchema(), []);
  if (long.length > 0) return { draft: {}, value, findings: long, stopped: true, file: undefined };
  const { issues, stopped } = shapeIssues(value, EXAMINED);
  if (issues.length === 0) {
    const file = siteShape.parse(value);
    return { draft: file, value, findings: respelt(yaml, []), stopped, file };
  }
  const findings = issues.flatMap((issue) => describe(issue, yaml));
  if (findings.length > TOLD) return { draft: {}, value, findings, stopped, file: undefined };
  return {
    draft: prune(value, findings),
    value,
    findings: [...findings, ...respelt(yaml, findings)],
    stopped,
    file: undefined,
  };
}

/** Lists with more items than the schema allows; they are not looked into. */
function longLists(value: unknown, schema: JsonSchema, path: Path): readonly Finding[] {
  const { items, maxItems = Infinity, properties = {} } = schema;
  if (Array.isArray(value)) {
    if (value.length > maxItems) return [finding(path, `has ${value.length} entries; at most ${maxItems} are taken`)];
    return items === undefined ? [] : value.flatMap((item, index) => longLists(item, items, [...path, index]));
  }
  return Object.entries(properties).flatMap(([key, part]) => {
    const at = own(value, key);
    return typeof at === 'object' ? longLists(at, part, [...path, key]) : [];
  });
}

/** Numbers spelt in a way that YAML does not keep, where nothing was said about them yet. */
function respelt(yaml: YamlText, said: readonly Finding[]): readonly Finding[] {
  return yaml.respelt
    .filter(({ path }) => !said.some((other) => startsWith(path, other.path)))
    .map(({ path, source, value }) =>
      finding(path, `${quoted(source)} is read as the number ${value}`, `write ${value}`),
    );
}

function startsWith(path: Path, start: Path): boolean {
  return start.every((part, index) => path[index] === part);
}

function describe(issue: core.$ZodIssue, yaml: YamlText): readonly Finding[] {
  const path = issue.path.map((part) => (typeof part === 'number' ? part : String(part)));
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => finding([...path, key], 'unknown key', () => suggest(key, keysAt(path))));
    case 'invalid_type':
      return [wrongType(path, issue.expected, yaml)];
    case 'invalid_value':
      return [wrongChoice(path, issue.values.map(String), yaml)];
    case 'too_small':
      return [finding(path, issue.origin === 'array' ? 'must not be empty' : `must be at least ${issue.minimum}`)];
    case 'too_big':
      return [finding(path, `must be at most ${issue.maximum}`)];
    case 'custom': {
      const remedy: unknown = issue.params?.['remedy'];
      return [finding(path, issue.message, typeof remedy === 'string' ? remedy : undefined)];
    }
    case 'invalid_element':
    case 'invalid_format':
    case 'invalid_key':
    case 'invalid_union':
    case 'not_multiple_of':
      return [finding(path, issue.message)];
  }
}

const KINDS: ReadonlyMap<string, string> = new Map([
  ['string', 'a text'],
  ['int', 'a whole number'],
  ['number', 'a whole number'],
  ['boolean', 'true or false'],
  ['array', 'a list'],
  ['object', 'a mapping with keys'],
]);

function wrongType(path: Path, expected: string, yaml: YamlText): Finding {
  const value = valueAt(yaml.value, path);
  const wanted = KINDS.get(expected) ?? expected;
  if (value === undefined) return finding(path, 'is missing', `add it${exampleAt(path)}`);
  if (value === null) return finding(path, 'is empty', `give a value${exampleAt(path)}, or remove the key`);
  if (isSecret(path)) return finding(path, 'must name a secret, not hold it', secretRemedy(path));
  if (expected === 'string' && (typeof value === 'number' || typeof value === 'boolean')) {
    const source = yaml.spellingOf(path) ?? String(value);
    return finding(path, `${source} without quotes is read as ${kindOf(value)}`, `put it in quotes: "${source}"`);
  }
  return finding(path, `must be ${wanted}, not ${kindOf(value)}`);
}

function secretRemedy(path: Path): string {
  const name = isRoot(path) ? 'root' : 'NAME';
  return `run kickstand secret set ${name}, and write { secret: ${name} }`;
}

/** What stands where a secret is named may be the secret itself: it is never repeated. */
function isSecret(path: Path): boolean {
  return isRoot(path) || path.includes('password');
}

function isRoot(path: Path): boolean {
  return path[0] === 'site' && path[1] === 'rootPassword';
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'number') return `the number ${value}`;
  if (typeof value === 'string') return 'a text';
  return typeof value === 'boolean' ? `the truth value ${value}` : 'a mapping';
}

function wrongChoice(path: Path, choices: readonly string[], yaml: YamlText): Finding {
  const value = valueAt(yaml.value, path);
  if (value === undefined) return finding(path, 'is missing', `one of ${choices.join(', ')}`);
  if (typeof value !== 'string') return finding(path, `must be one of ${choices.join(', ')}`);
  return finding(path, `${quoted(value)} is not known here`, () => suggest(value, choices));
}

type JsonSchema = {
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly items?: JsonSchema;
  readonly maxItems?: number;
  readonly examples?: readonly string[];
};

/** The part of the JSON Schema that describes the value at `path`. */
function schemaAt(path: Path): JsonSchema | undefined {
  let schema: JsonSchema | undefined = siteJsonSchema();
  for (const part of path) schema = typeof part === 'number' ? schema?.items : own(schema?.properties, part);
  return schema;
}

function keysAt(path: Path): readonly string[] {
  return Object.keys(schemaAt(path)?.properties ?? {});
}

function exampleAt(path: Path): string {
  const example = schemaAt(path)?.examples?.[0];
  return example === undefined ? '' : `, such as ${example}`;
}

/** What stands at `path`, right or wrong; undefined where nothing does. Looks at own properties only. */
export function valueAt(value: unknown, path: Path): unknown {
  let at = value;
  for (const part of path) at = own(at, part);
  return at;
}

function own<T>(value: Readonly<Record<string, T>> | undefined, key: string): T | undefined;
function own(value: unknown, key: string | number): unknown;
function own(value: unknown, key: string | number): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
  return (value as Readonly<Record<string | number, unknown>>)[key];
}

/** A copy without anything that a finding is about. Items of lists leave a gap, so that the others keep their index. */
function prune(value: unknown, findings: readonly Finding[]): Draft {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return {};
  const draft = structuredClone(value);
  for (const { path } of findings) {
    const parent = valueAt(draft, path.slice(0, -1));
    const last = path.at(-1);
    if (last === undefined) return {};
    if (Array.isArray(parent) && typeof last === 'number') parent[last] = undefined;
    else if (typeof parent === 'object' && parent !== null) Reflect.deleteProperty(parent, last);
  }
  // The schema has looked at every part that is left.
  return draft;
}
