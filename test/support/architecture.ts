// The rules of docs/architecture.md as a function: source files in, breaches out. Reads nothing itself.

/** A source file: its path from the checkout's root, and its text. */
export type SourceFile = { readonly path: string; readonly text: string };

const EDGES = new Set([
  'listener.ts',
  'routes.ts',
  'store.ts',
  'fetcher.ts',
  'log.ts',
  'app.ts',
  'main.ts',
  'assembly.ts',
]);
const ROOTS = /^(?:server\/main\.ts|server\/assembly\/|scripts\/)/;
const NOT_LEAVES = new Set(['server/main.ts', 'server/app.ts', 'server/settings.ts']);
const FOLDERS = ['server', 'kickstart', 'mirror', 'scripts', 'test'];

const FORBIDDEN_MODULES =
  /^(?:node:)?(?:fs|fs\/promises|net|dgram|http|https|tls|child_process|cluster|timers|timers\/promises|worker_threads)$|^(?:express|undici)$/;
const FORBIDDEN_NAMES: readonly (readonly [RegExp, string])[] = [
  [/\bDate\.now\b/, 'Date.now'],
  [/\bnew Date\(\s*\)/, 'new Date()'],
  [/\bMath\.random\b/, 'Math.random'],
  [/\bprocess\s*\./, 'process'],
  [/\bconsole\s*\./, 'console'],
  [/(?<![.\w])fetch\s*\(/, 'fetch()'],
  [/\bset(?:Timeout|Interval|Immediate)\b/, 'setTimeout'],
];

/** May a file at `from` import the file at `to`? */
function mayImport(from: string, to: string): boolean {
  if (ROOTS.test(from) || from.startsWith('test/')) return true;
  if (ROOTS.test(to) || to.startsWith('test/')) return false;
  if (isLeaf(to)) return true;
  if (isLeaf(from)) return false;
  if (from === 'server/app.ts') return to.endsWith('/routes.ts');
  return ALLOWED.some(([room, rooms]) => from.startsWith(room) && rooms.some((allowed) => to.startsWith(allowed)));
}

const ALLOWED: readonly (readonly [string, readonly string[]])[] = [
  ['kickstart/', ['kickstart/']],
  ['mirror/', ['mirror/']],
  // Stages, receipts, installers' lines and the log of syncs are lost and begun anew by one and the same rule.
  ['mirror/sync/', ['server/evidence/']],
  ['server/site/', ['server/site/']],
  ['server/boot/', ['server/boot/', 'server/site/']],
  ['server/dhcp/', ['server/dhcp/', 'server/boot/']],
  ['server/tftp/', ['server/tftp/']],
  ['server/syslog/', ['server/syslog/']],
  ['server/http/', ['server/http/']],
  ['server/doctor/', ['server/doctor/', 'server/evidence/']],
  ['server/metrics/', ['server/metrics/']],
  ['server/hosts/', ['server/hosts/', 'server/site/', 'server/evidence/']],
  ['server/accounts/', ['server/accounts/']],
  ['server/tls/', ['server/tls/']],
  ['server/audit/', ['server/audit/']],
  ['server/happenings/', ['server/happenings/']],
  ['server/api/', ['server/api/', 'server/site/', 'server/accounts/']],
  ['server/console/', ['server/console/']],
  ['server/secrets/', ['server/secrets/']],
  ['server/jobs/', ['server/jobs/']],
  ['server/uploads/', ['server/uploads/']],
];

/** A leaf stands directly in server/ and is no root and no assembly of routers. */
function isLeaf(path: string): boolean {
  return /^server\/[^/]+\.ts$/.test(path) && !NOT_LEAVES.has(path);
}

function isEdge(path: string): boolean {
  return EDGES.has(path.slice(path.lastIndexOf('/') + 1)) || /^(?:scripts|test|server\/assembly)\//.test(path);
}

/** Every breach of the house rules, as one line each. */
export function breaches(files: readonly SourceFile[]): readonly string[] {
  return [...files.flatMap(fileBreaches), ...cycles(files)];
}

function fileBreaches(file: SourceFile): readonly string[] {
  const found: string[] = [];
  const folder = file.path.split('/')[0] ?? '';
  if (!FOLDERS.includes(folder)) found.push(`${file.path}: ${folder} is no folder for code`);
  if (!/^(?:#!.*\n)?\/\/ \S.*[.!?]$/m.test(file.text.split('\n').slice(0, 2).join('\n')))
    found.push(`${file.path}: its first line is no sentence about its job`);
  if (/(?:^|\/)index\.ts$/.test(file.path)) found.push(`${file.path}: barrels are not built here`);
  if (!file.path.startsWith('test/') && /^export default\b/m.test(file.text))
    found.push(`${file.path}: has a default export`);
  const imports = importsOf(file);
  for (const target of imports.files) {
    if (!mayImport(file.path, target)) found.push(`${file.path}: may not import ${target}`);
  }
  if (isEdge(file.path)) return found;
  const modules = imports.modules.filter((name) => FORBIDDEN_MODULES.test(name));
  found.push(...modules.map((name) => `${file.path}: only edges import ${name}`));
  const code = withoutComments(file.text);
  found.push(
    ...FORBIDDEN_NAMES.filter(([pattern]) => pattern.test(code)).map(
      ([, name]) => `${file.path}: only edges name ${name}`,
    ),
  );
  return found;
}

type Imports = { readonly files: readonly string[]; readonly modules: readonly string[] };

/** What a file imports. A type-only import of a module is no use of it. */
function importsOf(file: SourceFile): Imports {
  const files: string[] = [];
  const modules: string[] = [];
  const pattern = /^(?:import|export)\s+(type\s)?(?:[^'";]*?\sfrom\s+)?'([^']+)';|\bimport\(\s*'([^']+)'\s*\)/gms;
  for (const match of file.text.matchAll(pattern)) {
    const name = match[2] ?? match[3] ?? '';
    if (name.startsWith('.')) files.push(resolve(file.path, name));
    else if (match[1] === undefined) modules.push(name);
  }
  return { files, modules };
}

function resolve(from: string, name: string): string {
  const parts = from.split('/').slice(0, -1);
  for (const part of name.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '.') parts.push(part);
  }
  return parts.join('/');
}

function cycles(files: readonly SourceFile[]): readonly string[] {
  const graph = new Map(files.map((file) => [file.path, importsOf(file).files] as const));
  const done = new Set<string>();
  const found: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    if (trail.includes(path)) {
      found.push(`import cycle: ${[...trail.slice(trail.indexOf(path)), path].join(' → ')}`);
      return;
    }
    if (done.has(path)) return;
    for (const next of graph.get(path) ?? []) visit(next, [...trail, path]);
    done.add(path);
  };
  for (const path of graph.keys()) visit(path, []);
  return found;
}

/** The code alone: names in comments, strings and template texts are prose. */
function withoutComments(text: string): string {
  return text
    .replaceAll(/\/\*[\s\S]*?\*\//g, ' ')
    .replaceAll(/(^|[^:'"`\\])\/\/[^\n]*/g, '$1')
    .replaceAll(/'(?:[^'\\\n]|\\.)*'/g, "''");
}
