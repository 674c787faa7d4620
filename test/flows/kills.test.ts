// SIGKILL at random moments of syncs, roll-backs and prunes, under readers of the running appliance that never rest: none of them
// ever sees a mix or a 404, and the sync after each kill completes.

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as after } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { quietLog } from '../../server/log.ts';
import { serve, type Running } from '../../server/main.ts';
import { bundleProgram } from '../support/bundle.ts';
import { startUpstream, type FakeUpstream } from '../support/fake-upstream.ts';
import { labSite } from '../support/lab-appliance.ts';
import { run } from '../support/lab-run.ts';
import { startReader, type Readings } from '../support/mirror-readers.ts';
import { buildRepo, digestOf, fixtureBytes, type RepoFiles } from '../support/repo-fixture.ts';
import { directoryDigest, filesDigest, startBench, type SyncBench } from '../support/sync-bench.ts';

const CHILD = join(import.meta.dirname, '../support/mirror-child.ts');
const KILLS = Number(process.env['KICKSTAND_TEST_KILLS'] ?? 200);
const SEED = Number(process.env['KICKSTAND_TEST_SEED'] ?? 4);
/** A step may find the pool's lock taken by the other repo's process, and a kill finds none of its own. */
const BUSY = /files of the pool are being removed|a sync is running|another process is publishing/;

let directory: string;
let data: string;
let program: string;
let bench: SyncBench;
let running: Running;
const undo: (() => Promise<unknown>)[] = [];
const children = new Set<ChildProcess>();

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'kickstand-kills-'));
  data = join(directory, 'data');
  await mkdir(data);
  // A process that is killed loses nothing that the kernel has: on a disk, this would mostly wait for fsync.
  if (process.getuid?.() === 0) {
    await run(['mount', '-t', 'tmpfs', '-o', 'size=64m', 'tmpfs', data]);
    undo.push(() => run(['umount', '--lazy', data]));
  }
  program = await bundleProgram(CHILD, directory);
  bench = await startBench(data);
});
afterEach(async () => {
  for (const child of children) child.kill('SIGKILL');
  for (const step of undo.splice(0).toReversed()) await step();
  await rm(directory, { recursive: true, force: true });
});

/** A repo that upstream publishes again and again, and what it has published. */
type Lane = {
  readonly name: string;
  readonly upstream: FakeUpstream;
  /** Upstream publishes its next generation. */
  readonly flip: () => RepoFiles;
  readonly isWhole: (path: string, bytes: Buffer) => boolean;
};

/** `plain`: metadata and packages have the same names in each generation, so that they could be mixed. */
function generation(names: 'plain' | 'checksum', number: number): RepoFiles {
  const mark = names === 'plain' ? '' : `-${number}`;
  const packages = Array.from({ length: 2 }, (_, index) => ({
    name: `app${index}${mark}`,
    bytes: fixtureBytes(`${names} ${number} ${index}`, 3000),
  }));
  const extra = [{ type: 'group', file: 'comps.xml', bytes: Buffer.from(`<comps><!-- ${number} --></comps>`) }];
  const same = { name: 'same', bytes: fixtureBytes('same', 5000) };
  return buildRepo({ packages: [...packages, same], extra, names, revision: String(number) });
}

async function startLane(names: 'plain' | 'checksum'): Promise<Lane> {
  let number = 0;
  const whole = new Map<string, Set<string>>();
  const next = (): RepoFiles => {
    number += 1;
    const files = generation(names, number);
    for (const [path, bytes] of files) {
      whole.set(path, (whole.get(path) ?? new Set()).add(digestOf('sha256', bytes)));
    }
    return files;
  };
  const upstream = await startUpstream(next());
  undo.push(() => upstream.close());
  const flip = (): RepoFiles => {
    const files = next();
    upstream.serve(files);
    return files;
  };
  const isWhole = (path: string, bytes: Buffer): boolean => whole.get(path)?.has(digestOf('sha256', bytes)) === true;
  return { name: names, upstream, flip, isWhole };
}

type Told = { readonly step: string; readonly what?: unknown; readonly tookMs: number };
/** Once so many steps are done, and then so long. */
type Moment = { readonly steps: number; readonly afterMs: (next: string) => number };

type Child = {
  /** Lets it begin; resolves with what it told until it was killed at `moment`. */
  runUntilKilled(moment: Moment): Promise<readonly Told[]>;
};

const STEPS = ['sync', 'publish', 'stamp', 'again', 'prune', 'sweep'];

function startChild(lane: Lane): Child {
  const { name, upstream, flip } = lane;
  const env = { ...process.env, NODE_COMPILE_CACHE: join(directory, 'compiled') };
  const child = spawn(process.execPath, [program, data, name, upstream.url], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env,
  });
  children.add(child);
  const exit = once(child, 'exit');
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<Told> => JSON.parse((await lines.next()).value ?? '{"step":"ended"}') as Told;
  return {
    runUntilKilled: async ({ steps, afterMs }) => {
      expect(await next()).toMatchObject({ step: 'ready' });
      child.stdin.write('go\n');
      const told: Told[] = [];
      while (told.length < steps) {
        told.push(await next());
        // Whatever comes next finds news, be it now or when it has begun.
        if (told.at(-1)?.step === 'publish') flip();
      }
      await Promise.race([after(afterMs(STEPS[steps % STEPS.length] ?? '')), exit]);
      expect(child.exitCode, 'it works on until it is killed').toBe(null);
      child.kill('SIGKILL');
      await exit;
      children.delete(child);
      return told;
    },
  };
}

/** Numbers from 0 to below 1, the same for the same seed (a linear congruential generator with Knuth's factor for MMIX). */
function randomFrom(seed: number): () => number {
  let state = BigInt(seed);
  return () => {
    state = (state * 6364136223846793005n + 1442695040888963407n) & 0xffff_ffff_ffff_ffffn;
    return Number(state >> 40n) / 2 ** 24;
  };
}

/** Kills a process at work on `lane` so often; after each kill the next sync, of this process, has to complete. */
async function killOften(lane: Lane, kills: number): Promise<void> {
  const random = randomFrom(SEED + lane.name.length);
  // A step's length is what it was the last time: the kills fall all over it on any machine.
  const lengths = new Map<string, number>();
  const afterMs = (step: string): number => random() * (lengths.get(step) ?? 50);
  let child = startChild(lane);
  for (let kill = 0; kill <= kills; kill += 1) {
    // The next one loads its code meanwhile.
    const following = startChild(lane);
    lane.flip();
    // All steps once, then every other kill in the first.
    const steps = kill === 0 ? STEPS.length : random() < 0.5 ? 0 : Math.floor(random() * STEPS.length);
    for (const told of await child.runUntilKilled({ steps, afterMs })) {
      lengths.set(told.step, told.tookMs);
      expectFine(lane, told);
    }
    await expectNextSync(lane);
    child = following;
  }
  await child.runUntilKilled({ steps: 0, afterMs: () => 0 });
}

function expectFine({ name }: Lane, { step, what }: Told): void {
  const { kind, reason } = { kind: '', reason: '', ...(typeof what === 'object' ? what : {}) };
  const isFine = (kind !== 'failed' && kind !== 'no') || BUSY.test(reason);
  expect(isFine, `${name}, ${step}: ${JSON.stringify(what)}`).toBe(true);
}

/** The sync after a kill publishes what upstream has now, whole. */
async function expectNextSync({ name, upstream, flip }: Lane): Promise<void> {
  const files = flip();
  const repo = { name, upstream: upstream.url, keep: 6 };
  let result = await bench.sync(upstream.url, { repo });
  while (result.kind === 'failed' && BUSY.test(result.reason)) result = await bench.sync(upstream.url, { repo });
  expect(result).toMatchObject({ kind: 'published', packages: 3 });
  const id = result.kind === 'published' ? result.snapshot : '';
  expect(await directoryDigest(join(data, 'snapshots', name, id))).toEqual(filesDigest(files));
}

async function isKept(name: string, repomd: Buffer): Promise<boolean> {
  const home = join(data, 'snapshots', name);
  const ids = (await readdir(home)).filter((entry) => /^\d{8}T\d{6}Z-[0-9a-f]{8}$/.test(entry));
  const all = await Promise.all(
    ids.map((id) => readFile(join(home, id, 'repodata/repomd.xml')).catch(() => undefined)),
  );
  return all.some((bytes) => bytes?.equals(repomd));
}

function readersOf({ name, isWhole }: Lane): { stop(): Promise<Readings> }[] {
  const origin = `http://127.0.0.1:${running.httpPort}`;
  return (['snapshot', 'name'] as const).map((by) =>
    startReader({
      origin,
      repo: name,
      by,
      currentId: () => bench.store.currentId(name),
      isKept: (repomd) => isKept(name, repomd),
      isWhole,
    }),
  );
}

async function startAppliance(lanes: readonly Lane[]): Promise<void> {
  const repos = lanes.map(({ name, upstream }) => `  - { name: ${name}, upstream: "${upstream.url}", keep: 6 }\n`);
  const siteFile = join(directory, 'site.yaml');
  const site = labSite({ upstream: 'http://127.0.0.1:9/', iso: 'none.iso' });
  await writeFile(siteFile, site.replace('\ntrees:', `${repos.join('')}\ntrees:`));
  const about = {
    advertise: undefined,
    dhcpInterface: undefined,
    dhcpForce: false,
    syslogPort: undefined,
    httpsPort: undefined,
    logLevel: 'silent',
  } as const;
  const ports = { listen: '127.0.0.1', httpPort: 0, tftpPort: 0, dhcp: 'off' } as const;
  running = await serve({ siteFile, dataDirectory: data, ...about, ...ports }, quietLog);
  undo.push(() => running.close());
}

test(`${KILLS} kills`, { timeout: 900_000 }, async () => {
  const lanes = [await startLane('plain'), await startLane('checksum')];
  for (const lane of lanes) await expectNextSync(lane);
  await startAppliance(lanes);
  const readers = lanes.map((lane) => ({ lane, readers: readersOf(lane) }));
  await Promise.all(lanes.map((lane) => killOften(lane, KILLS / lanes.length)));
  for (const { lane, readers: both } of readers) {
    const [bySnapshot, byName] = await Promise.all(both.map((reader) => reader.stop()));
    expect(bySnapshot).toMatchObject({ faults: [], spanned: 0 });
    expect(byName).toMatchObject({ faults: [], ...(lane.name === 'plain' ? {} : { spanned: 0 }) });
    expect(bySnapshot?.passes).toBeGreaterThan(KILLS);
    expect(byName?.passes).toBeGreaterThan(KILLS);
  }
});
