// Clients of a mirrored repo that never rest: each reads repomd.xml, then every file that it names, and holds them against it.

import { Agent, get } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import type { Checksum } from '../../mirror/rpm/checksum.ts';
import { parsePrimary } from '../../mirror/rpm/primary.ts';
import { parseRepomd } from '../../mirror/rpm/repomd.ts';
import { digestOf } from './repo-fixture.ts';

export type Reading = {
  readonly origin: string;
  readonly repo: string;
  /** `snapshot`: by the address of the one that is published as the reading begins; `name`: by the repo's own. */
  readonly by: 'snapshot' | 'name';
  currentId(): Promise<string | undefined>;
  /** Is a snapshot with this repomd.xml still kept? */
  isKept(repomd: Buffer): Promise<boolean>;
  /** Are these the bytes that some generation has at this path? Asked where they are not what was named. */
  isWhole(path: string, bytes: Buffer): boolean;
};

export type Readings = {
  readonly passes: number;
  /** Passes that another snapshot was published in, of plainly named files: the checksum told the client. */
  readonly spanned: number;
  /** Passes whose snapshot was pruned meanwhile. */
  readonly pruned: number;
  readonly faults: readonly string[];
};

const BREATH_MS = 10;

/** Reads until `stop`, which answers what was seen. */
export function startReader(reading: Reading): { stop(): Promise<Readings> } {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const seen = { passes: 0, spanned: 0, pruned: 0, faults: [] as string[] };
  const stopped = new AbortController();
  const loop = async (): Promise<void> => {
    while (!stopped.signal.aborted) {
      const end = await readOnce(reading, agent).catch((error: unknown) => String(error));
      seen.passes += 1;
      if (end === 'spanned' || end === 'pruned') seen[end] += 1;
      else if (end !== 'whole') seen.faults.push(end);
      // Readers that take all they can get would leave the writers none of two cores.
      await pause(BREATH_MS);
    }
  };
  const done = loop();
  return {
    stop: async () => {
      stopped.abort();
      await done;
      agent.destroy();
      return seen;
    },
  };
}

async function readOnce(reading: Reading, agent: Agent): Promise<string> {
  const id = reading.by === 'snapshot' ? await reading.currentId() : undefined;
  const root = `${reading.origin}/repos/${reading.repo}${id === undefined ? '' : `@${id}`}/`;
  const repomd = await fetchFile(`${root}repodata/repomd.xml`, agent);
  if (repomd.status === 404 && id !== undefined && !(await reading.isKept(repomd.bytes))) return 'pruned';
  if (repomd.status !== 200) return `${root}repodata/repomd.xml: ${repomd.status}`;
  const named: Named[] = parseRepomd(repomd.bytes).data.map(({ type, path, checksum }) => ({ type, path, checksum }));
  for (let next = named.shift(); next !== undefined; next = named.shift()) {
    const { status, bytes } = await fetchFile(root + next.path, agent);
    if (status !== 200) return (await reading.isKept(repomd.bytes)) ? `${root}${next.path}: ${status}` : 'pruned';
    if (digestOf(next.checksum.type, bytes) !== next.checksum.digest) {
      return reading.by === 'name' && reading.isWhole(next.path, bytes) ? 'spanned' : `${root}${next.path}: a mix`;
    }
    if (next.type === 'primary') named.push(...(await packagesOf(bytes)));
  }
  return 'whole';
}

type Named = { readonly type: string; readonly path: string; readonly checksum: Checksum };

async function packagesOf(primary: Buffer): Promise<readonly Named[]> {
  const found: Named[] = [];
  for await (const { path, checksum } of parsePrimary(once(gunzipSync(primary)))) {
    found.push({ type: 'package', path, checksum });
  }
  return found;
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

function fetchFile(url: string, agent: Agent): Promise<{ readonly status: number; readonly bytes: Buffer }> {
  return new Promise((resolve, reject) => {
    get(url, { agent }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk)).on('error', reject);
      response.on('end', () => resolve({ status: response.statusCode ?? 0, bytes: Buffer.concat(chunks) }));
    }).on('error', reject);
  });
}
