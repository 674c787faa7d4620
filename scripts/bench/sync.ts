// Compares a repository's first sync, and one with nothing new, with dnf's reposync: from one far upstream, in turns, in one run. Run by
// hand: node scripts/bench/sync.ts [--packages 2000] [--rounds 5] [--round-trip 20] [--json]. Linux, as root or not.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { alternate, formatReport, ratioOf, type Contestant, type Report } from './measure.ts';
import { buildSyncContent, type SyncContent } from './sync-content.ts';
import { dnfReposync, kickstandAppliance, kickstandCommand, type Mirror, type MirrorKind } from './sync-peers.ts';
import { startFarUpstream, type Asked, type FarUpstream } from './sync-upstream.ts';

const { values: flags } = parseArgs({
  options: {
    packages: { type: 'string', default: '2000' },
    rounds: { type: 'string', default: '5' },
    'round-trip': { type: 'string', default: '20' },
    only: { type: 'string', default: 'first,nothing-new' },
    json: { type: 'boolean', default: false },
  },
});
const MANY = 20;
const MB = 1_000_000;

const wanted = (part: 'first' | 'nothing-new'): boolean => flags.only.split(',').includes(part);

type Bench = { readonly scratch: string; readonly content: SyncContent; readonly rounds: number };

/** What the upstream was asked in one run, by who ran. */
type Counted = Map<string, Asked>;

async function benchAll(): Promise<readonly Report[]> {
  const scratch = await mkdtemp(join(tmpdir(), 'ks-sync-'));
  try {
    const root = join(scratch, 'www');
    const content = await buildSyncContent(root, Number(flags.packages));
    const bench: Bench = { scratch, content, rounds: Number(flags.rounds) };
    const far = await startFarUpstream(root, join(scratch, 'far'), Number(flags['round-trip']) / 2);
    const reports: Report[] = [];
    try {
      if (wanted('first')) reports.push(await firstSyncs(far, bench));
      if (wanted('nothing-new')) reports.push(await nothingNew(far, bench));
    } finally {
      await far.stop();
    }
    if (!wanted('nothing-new')) return reports;
    const near = await startFarUpstream(root, join(scratch, 'near'), 0);
    try {
      reports.push(await nothingNew(near, bench));
    } finally {
      await near.stop();
    }
    return reports;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function firstSyncs(upstream: FarUpstream, { scratch, content, rounds }: Bench): Promise<Report> {
  const kinds = [
    kickstandCommand(upstream.url, scratch),
    dnfReposync(upstream.url, scratch),
    dnfReposync(upstream.url, scratch, MANY),
  ];
  const counted: Counted = new Map();
  const runFirst = async (kind: MirrorKind): Promise<number> => {
    const mirror = await kind.begin();
    try {
      const took = await counting({ name: kind.name, upstream, counted }, () => mirror.sync());
      await requireWhole(kind.name, mirror, content);
      return took;
    } finally {
      await mirror.remove();
    }
  };
  const contestants = kinds.map((kind): Contestant => ({
    name: kind.name,
    run: async () => ({ value: (await runFirst(kind)) / 1000 }),
  }));
  const rows = await alternate(contestants, rounds);
  const [kickstand = '', ...peers] = kinds.map(({ name }) => name);
  return {
    title: `First sync of ${content.packages} RPMs, ${(content.bytes / MB).toFixed(0)} MB`,
    how: `${describe(upstream)} Each run is a command and begins with nothing; the upstream's files are in the page cache.`,
    unit: 's',
    rows,
    ratios: peers.map((of, at) =>
      ratioOf(rows, { of, against: kickstand, bar: at === 0 ? { kind: 'at-least', ratio: 3 } : undefined }),
    ),
    facts: factsOf(counted),
  };
}

async function nothingNew(upstream: FarUpstream, { scratch, content, rounds }: Bench): Promise<Report> {
  const kinds = [
    kickstandAppliance(upstream.url, scratch),
    kickstandCommand(upstream.url, scratch),
    dnfReposync(upstream.url, scratch),
  ];
  const counted: Counted = new Map();
  const mirrors: Mirror[] = [];
  try {
    const contestants: Contestant[] = [];
    for (const kind of kinds) {
      const mirror = await kind.begin();
      mirrors.push(mirror);
      await mirror.sync();
      await requireWhole(kind.name, mirror, content);
      const sync = () => counting({ name: kind.name, upstream, counted }, () => mirror.sync());
      contestants.push({ name: kind.name, run: async () => ({ value: await sync() }) });
    }
    const rows = await alternate(contestants, rounds);
    const [running = '', command = '', reposync = ''] = kinds.map(({ name }) => name);
    return {
      title: `Nothing new in ${content.packages} RPMs`,
      how: `${describe(upstream)} "running": the job of a process that is there already, as an appliance's schedule begins it; the others start a process for each run.`,
      unit: 'ms',
      rows,
      ratios: [
        ratioOf(rows, { of: running, against: reposync, bar: { kind: 'at-most', ratio: 0.05 } }),
        ratioOf(rows, { of: command, against: reposync }),
      ],
      facts: factsOf(counted),
    };
  } finally {
    for (const mirror of mirrors) await mirror.remove();
  }
}

/** Runs one sync, and notes what it asked of the upstream. The last run stands: all ask the same. */
async function counting<T>(
  { name, upstream, counted }: { readonly name: string; readonly upstream: FarUpstream; readonly counted: Counted },
  sync: () => Promise<T>,
): Promise<T> {
  const before = await upstream.asked();
  const result = await sync();
  const after = await upstream.asked();
  counted.set(name, {
    requests: after.requests - before.requests,
    connections: after.connections - before.connections,
  });
  return result;
}

async function requireWhole(name: string, mirror: Mirror, { packages }: SyncContent): Promise<void> {
  const found = await mirror.packages();
  if (found !== packages) throw new Error(`${name} brought ${found} of ${packages} packages`);
}

function describe({ roundTripMs }: FarUpstream): string {
  return `nginx behind a relay of the bench, ${roundTripMs.toFixed(1)} ms from request to answer as measured, one more such time to connect, no limit of bytes.`;
}

function factsOf(counted: Counted): readonly string[] {
  return [...counted].map(([name, { requests, connections }]) => {
    const plural = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;
    return `${name}: ${plural(requests, 'request')} over ${plural(connections, 'connection')} in a run`;
  });
}

const reports = await benchAll();
process.stdout.write(flags.json ? `${JSON.stringify(reports, null, 2)}\n` : reports.map(formatReport).join('\n'));
