// A poor upstream for tests: real packages built here, repositories as old programs wrote them, and index pages as servers do.

import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { findCreaterepo } from '../../../mirror/metadata/createrepo/store.ts';
import { openPackages, saveDocuments, type DocumentPlaces } from '../../../mirror/metadata/store.ts';
import { parsePrimary, type PrimaryPackage } from '../../../mirror/rpm/primary.ts';
import { parseRepomd, type Repomd } from '../../../mirror/rpm/repomd.ts';
import { parseEvidence, type Evidence } from '../../../mirror/rescue/evidence.ts';
import type { OpenMetadata } from '../../../mirror/sync/edges.ts';
import type { SyncResult } from '../../../mirror/sync/sync.ts';
import type { RepoFilter } from '../../../server/repo.ts';
import { filesBelow } from '../../support/lab-appliance.ts';
import { run } from '../../support/lab-run.ts';
import { startUpstream, type FakeUpstream } from '../../support/fake-upstream.ts';
import type { RepoFiles } from '../../support/repo-fixture.ts';
import { buildRpms, type LabPackage } from '../../support/rpms.ts';
import { directoryDigest, startBench, type SyncBench, type SyncMore } from '../../support/sync-bench.ts';

/** lamb has a newer twin, and wool needs it. */
const PACKAGES: readonly LabPackage[] = [
  { name: 'lamb', version: '1.0', release: '1.el6', files: { '/opt/lamb': 'baa\n' } },
  { name: 'lamb2', version: '2.0', release: '1.el6', files: { '/opt/lamb2': 'baa\n' } },
  { name: 'wool', version: '1.0', release: '1.el6', requires: ['lamb'], files: { '/opt/wool': 'soft\n' } },
];
export const LAMB = 'lamb-1.0-1.el6.x86_64.rpm';
export const LAMB2 = 'lamb2-2.0-1.el6.x86_64.rpm';
export const WOOL = 'wool-1.0-1.el6.x86_64.rpm';

export const ALL: readonly string[] = [LAMB, LAMB2, WOOL];
export const ALL_PACKAGES: RepoFilter = {
  ...{ architectures: undefined, newest: undefined, include: [], exclude: [], sources: true },
};

export const COMPS = `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE comps PUBLIC "-//Red Hat, Inc.//DTD Comps info//EN" "comps.dtd">
<comps><group><id>farm</id><name>Farm</name><default>true</default><uservisible>true</uservisible>
<packagelist><packagereq type="mandatory">wool</packagereq></packagelist></group></comps>
`;

export type Farm = {
  readonly directory: string;
  /** The packages, by name. */
  readonly packages: ReadonlyMap<string, Buffer>;
  /** A repository of `files` as createrepo_c writes it with `args`. */
  repository(files: RepoFiles, args?: readonly string[]): Promise<RepoFiles>;
  remove(): Promise<void>;
};

export async function buildFarm(edition = ''): Promise<Farm> {
  const directory = await mkdtemp(join(tmpdir(), 'kickstand-rescue-'));
  // Packages that are built within one second are the same to the last byte, but for what is in them.
  const packages = PACKAGES.map((one) => ({ ...one, files: { ...one.files, '/usr/share/edition': edition } }));
  await buildRpms(edition === '' ? PACKAGES : packages, join(directory, 'rpms'), directory);
  let repositories = 0;
  return {
    directory,
    packages: await filesBelow(join(directory, 'rpms')),
    repository: async (files, args = []) => {
      repositories += 1;
      const root = join(directory, `repository-${repositories}`);
      await writeAll(root, files);
      await run(['createrepo_c', '--quiet', '--compress-type', 'gz', ...args, root]);
      return filesBelow(root);
    },
    remove: () => rm(directory, { recursive: true, force: true }),
  };
}

export async function writeAll(root: string, files: RepoFiles): Promise<void> {
  for (const [path, bytes] of files) {
    await mkdir(join(root, path, '..'), { recursive: true });
    await writeFile(join(root, path), bytes);
  }
}

/** `files` with the index page of each of their directories, as nginx writes it; `more` links on that of the root. */
export function withPages(files: RepoFiles, more: readonly string[] = []): RepoFiles {
  const names = new Map<string, Set<string>>([['', new Set(more)]]);
  for (const path of files.keys()) {
    const segments = path.split('/');
    for (let at = 0; at < segments.length; at += 1) {
      const directory = segments
        .slice(0, at)
        .map((one) => `${one}/`)
        .join('');
      const name = `${encodeURIComponent(segments[at] ?? '')}${at < segments.length - 1 ? '/' : ''}`;
      names.set(directory, (names.get(directory) ?? new Set()).add(name));
    }
  }
  const pages = [...names].map(([directory, links]): [string, Buffer] => {
    const list = [...links].map((name) => `<a href="${name}">${name}</a>\n`).join('');
    return [
      directory,
      Buffer.from(`<html><h1>Index of /${directory}</h1><pre><a href="../">../</a>\n${list}</pre></html>`),
    ];
  });
  return new Map([...files, ...pages]);
}

/** Makes metadata as the appliance does; with the real createrepo_c where asked. */
export function metadataOf(bench: SyncBench, by: 'own' | 'createrepo_c' = 'own'): OpenMetadata {
  return async ({ staging, breathe, signal }) => {
    const pool = join(bench.data, 'pool');
    const scratch = join(bench.data, 'staging/demo/documents');
    const places: DocumentPlaces = {
      scratch,
      sizeOf: (sha256) => bench.pool.sizeOf(sha256),
      openPart: (checksum) => staging.openPart(checksum),
    };
    const fileOf = (sha256: string): string => join(pool, sha256);
    const path = process.env['PATH'] ?? '';
    const createrepo = by === 'own' ? undefined : await findCreaterepo({ path, scratch, fileOf });
    return { open: openPackages({ pool }), save: saveDocuments(places), breathe, signal, createrepo };
  };
}

export type Published = {
  readonly root: string;
  readonly repomd: Repomd;
  readonly packages: readonly PrimaryPackage[];
  /** All files, by path. */
  readonly files: readonly string[];
  readonly evidence: Evidence | undefined;
};

/** What is published, read as yum of EL6 would: gzip alone. */
export async function readPublished(bench: SyncBench): Promise<Published> {
  const root = join(bench.data, 'repos/demo');
  const repomd = parseRepomd(await readFile(join(root, 'repodata/repomd.xml')));
  const primary = repomd.data.find(({ type }) => type === 'primary')?.path ?? '';
  const packages: PrimaryPackage[] = [];
  for await (const found of parsePrimary(once(gunzipSync(await readFile(join(root, primary)))))) packages.push(found);
  const { current = '' } = await bench.store.repoStatus('demo');
  const evidence = await bench.store.snapshotEvidence('demo', current);
  const files = Object.keys(await directoryDigest(root));
  return { root, repomd, packages, files, evidence: 'value' in evidence ? parseEvidence(evidence.value) : undefined };
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

/** An upstream, and a mirror that rescues it. */
export type Scene = {
  readonly bench: SyncBench;
  readonly upstream: FakeUpstream;
  /** Serves `files`, where any are given, and syncs. */
  rescue(files?: RepoFiles, more?: SyncMore): Promise<SyncResult>;
  /** `what where` of everything that was wrong, sorted. */
  flaws(): Promise<readonly string[]>;
  /** The paths of the packages that are listed, sorted. */
  names(): Promise<readonly string[]>;
  close(): Promise<void>;
};

export async function startScene(): Promise<Scene> {
  const bench = await startBench();
  const upstream = await startUpstream(new Map());
  return {
    bench,
    upstream,
    rescue: async (files, more = {}) => {
      if (files !== undefined) upstream.serve(files);
      const repo = { rescue: true, ...more.repo };
      return bench.sync(more.repo?.upstream ?? upstream.url, { metadata: metadataOf(bench), ...more, repo });
    },
    flaws: async () => {
      const { evidence } = await readPublished(bench);
      return (evidence?.flaws ?? []).map(({ what, where }) => `${what} ${where}`).toSorted();
    },
    names: async () => (await readPublished(bench)).packages.map(({ path }) => path).toSorted(),
    close: async () => {
      await upstream.close();
      // Waits until what a failed sync kept is written: it is, without anyone waiting for it.
      await (await bench.pool.openStaging('demo')).claims();
      await bench.close();
    },
  };
}

/** The first half. */
export function cut(bytes: Buffer | undefined): Buffer {
  return (bytes ?? Buffer.alloc(0)).subarray(0, Math.floor((bytes?.length ?? 0) / 2));
}

/** One bit of its payload is another. */
export function flipped(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  copy.writeUInt8((copy.at(-9) ?? 0) ^ 1, copy.length - 9);
  return copy;
}
