// Compares how soon the files of a 4 GiB ISO are served with copying them out of it by bsdtar. Run by hand:
// node scripts/bench/iso-serve.ts [--rounds N] [--json]. Needs xorriso, bsdtar, and 9 GiB in the temporary directory.

import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { run } from '../../test/support/lab-run.ts';
import { alternate, formatReport, ratioOf, type Report, type Run } from './measure.ts';
import { buildWideIso, pathOf, type BenchContent } from './serve-content.ts';
import { startAlone, unlessInterrupted, type WebServer } from './serve-servers.ts';

const FILES = 4000;
const FILE_BYTES = 1_073_741; // 4 GiB in all

const { values: flags } = parseArgs({
  options: { rounds: { type: 'string', default: '5' }, json: { type: 'boolean', default: false } },
});

async function bench(): Promise<void> {
  const content = await buildWideIso(FILES, FILE_BYTES);
  const servers: WebServer[] = [];
  try {
    await unlessInterrupted(compare(content, servers));
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
    await content.remove();
  }
}

async function compare(content: BenchContent, servers: WebServer[]): Promise<void> {
  // The appliance runs before there is an ISO: what is timed begins with the ISO's being put in place.
  const away = `${content.iso}.away`;
  await rename(content.iso, away);
  const server = await startAlone(content);
  servers.push(server);
  const rows = await alternate(
    [
      { name: 'kickstand', run: () => serveIso(server, content, away) },
      { name: 'kickstand, first file', run: () => serveFirst(server, content, away) },
      { name: 'bsdtar', run: () => copyOut(content, away) },
    ],
    Number(flags.rounds),
  );
  const report: Report = {
    title: `A 4 GiB ISO with ${FILES} files, put in place and served`,
    how:
      'Kickstand: from the moment the ISO lies where the site says until .treeinfo, the listing of all packages, and the first and ' +
      'the last of these have been fetched whole, the way the ISO was opened, recognised and read; "first file": until one package ' +
      'has been. bsdtar: all files copied out to the same disk.',
    unit: 'ISOs/s',
    rows,
    ratios: [
      ratioOf(rows, { of: 'kickstand', against: 'bsdtar', bar: { kind: 'at-least', ratio: 100 } }),
      ratioOf(rows, { of: 'kickstand, first file', against: 'bsdtar' }),
    ],
    facts: rows.map(({ name, median }) => `${name}: ${(1000 / median).toFixed(0)} ms`),
  };
  process.stdout.write(flags.json ? `${JSON.stringify([report], null, 2)}\n` : `${formatReport(report)}\n`);
}

async function get(server: WebServer, path: string): Promise<Buffer> {
  const answer = await fetch(`${server.origin}/trees/iso/${path}`);
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return Buffer.from(await answer.arrayBuffer());
}

/** A package right after the ISO was put in place: neither a listing nor another file was asked for before. */
async function serveFirst(server: WebServer, { iso }: BenchContent, away: string): Promise<Run> {
  const startMs = performance.now();
  await rename(away, iso);
  const bytes = await get(server, pathOf('medium', FILES / 2));
  const seconds = (performance.now() - startMs) / 1000;
  if (bytes.byteLength !== FILE_BYTES) throw new Error('not what the ISO holds');
  await rename(iso, away);
  return { value: 1 / seconds };
}

async function serveIso(server: WebServer, { iso }: BenchContent, away: string): Promise<Run> {
  const startMs = performance.now();
  await rename(away, iso);
  await get(server, '.treeinfo');
  const listing = (await get(server, 'Packages/')).toString();
  const [first, last] = [await get(server, pathOf('medium', 0)), await get(server, pathOf('medium', FILES - 1))];
  const seconds = (performance.now() - startMs) / 1000;
  const links = listing.match(/<li><a href="[^"]+\.rpm">/g)?.length;
  if (links !== FILES || first.byteLength !== FILE_BYTES || sha256(first) === sha256(last)) {
    throw new Error('not what the ISO holds');
  }
  await rename(iso, away);
  return { value: 1 / seconds };
}

async function copyOut({ directory }: BenchContent, iso: string): Promise<Run> {
  const target = join(directory, 'copied');
  await mkdir(target);
  const startMs = performance.now();
  await run(['bsdtar', '-x', '-f', iso, '-C', target], { timeoutMs: 600_000 });
  const seconds = (performance.now() - startMs) / 1000;
  if ((await stat(join(target, pathOf('medium', FILES - 1)))).size !== FILE_BYTES)
    throw new Error('bsdtar copied less');
  if ((await readFile(join(target, '.treeinfo'))).byteLength === 0) throw new Error('bsdtar copied nothing');
  await rm(target, { recursive: true });
  return { value: 1 / seconds };
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

await bench();
