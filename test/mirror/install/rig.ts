// Repositories with groups, written from tables, and what dnf itself and the room decide of them.

import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decideInstall, type InstallDecision } from '../../../mirror/install/decide.ts';
import { readPool, type InstallRepo } from '../../../mirror/install/pool.ts';
import type { InstallOption } from '../../../mirror/install/request.ts';
import { breathe, metadataOf, type MetadataPackage } from '../../support/closure-repos.ts';

export type CaseMember = { readonly name: string; readonly type: string; readonly requires?: string };
export type CaseGroup = { readonly id: string; readonly members: readonly CaseMember[] };
export type CaseRepo = {
  readonly packages: readonly MetadataPackage[];
  readonly groups?: readonly CaseGroup[];
  readonly environments?: readonly { readonly id: string; readonly groups: readonly string[] }[];
  readonly priority?: number;
};
export type InstallCase = {
  readonly repos: readonly CaseRepo[];
  /** As in %packages. */
  readonly wanted: readonly string[];
  readonly options?: readonly InstallOption[];
};

/** `packages` as dnf writes them, sorted. */
export type Answer = { readonly kind: string; readonly packages?: readonly string[]; readonly text?: string };

/** What the room decides, in the words of the oracle. */
export async function decideCase(one: InstallCase): Promise<InstallDecision> {
  const repos = one.repos.map((repo, at): InstallRepo => {
    const { primary, filelists } = metadataOf(repo.packages);
    const groups = compsOf(repo);
    const { priority } = repo;
    return { name: `r${at}`, primary: text(primary), filelists: text(filelists), groups: text(groups), priority };
  });
  return decide(repos, one);
}

export async function decide(
  repos: readonly InstallRepo[],
  { wanted, options = [] }: Pick<InstallCase, 'wanted' | 'options'>,
): Promise<InstallDecision> {
  const pool = await readPool(repos, 'x86_64', { breathe, paths: wanted.filter((word) => word.startsWith('/')) });
  return decideInstall(pool, { wanted, options: new Set(options), implied: [] });
}

export function answerOf(decision: InstallDecision): Answer {
  if (decision.kind !== 'installs') return { kind: decision.kind };
  return { kind: 'installs', packages: decision.packages.map((p) => `${p.name}-${p.evr}.${p.arch}`).toSorted() };
}

/** A case with its repositories on disk. */
export type StoredCase = {
  readonly repos: readonly { readonly name: string; readonly path: string; readonly priority?: number }[];
  readonly install: readonly string[];
  readonly exclude: readonly string[];
  readonly options: readonly InstallOption[];
};

/** Writes the metadata of a case below `directory`, for dnf. */
export async function storeCase(one: InstallCase, directory: string): Promise<StoredCase> {
  const repos = await Promise.all(
    one.repos.map(async (repo, at) => {
      const path = join(directory, `r${at}`);
      const { primary, filelists } = metadataOf(repo.packages);
      await writeRepodata(path, { primary, filelists, group: compsOf(repo) });
      return { name: `r${at}`, path, ...(repo.priority === undefined ? {} : { priority: repo.priority }) };
    }),
  );
  return { repos, ...specsOf(one) };
}

/** The words of %packages as dnf takes them. */
export function specsOf({ wanted, options = [] }: Pick<InstallCase, 'wanted' | 'options'>): Omit<StoredCase, 'repos'> {
  const install = wanted.filter((word) => !word.startsWith('-')).map((word) => word.replace(/^@\^/, '@'));
  const exclude = wanted.filter((word) => word.startsWith('-')).map((word) => word.slice(1));
  return { install, exclude, options };
}

/** What dnf says to each, from one process of it. */
export async function askDnf(cases: readonly StoredCase[], work: string): Promise<readonly Answer[]> {
  const output = await new Promise<string>((resolve, reject) => {
    const script = join(import.meta.dirname, 'dnf-oracle.py');
    const env = { ...process.env, HOME: work, LC_ALL: 'C.UTF-8', PYTHONHASHSEED: '0' };
    const child = execFile(
      '/usr/bin/python3',
      [script, work],
      { env, timeout: 300_000, maxBuffer: 256 * 1024 * 1024 },
      (error, out, err) => {
        if (error === null) resolve(out);
        else reject(new Error(`the oracle failed: ${err.slice(-2000)}`, { cause: error }));
      },
    );
    child.stdin?.end(cases.map((one) => `${JSON.stringify(one)}\n`).join(''));
  });
  return output
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Answer);
}

async function writeRepodata(path: string, files: Readonly<Record<string, string>>): Promise<void> {
  await mkdir(join(path, 'repodata'), { recursive: true });
  const data = Object.entries(files).map(async ([type, content]) => {
    await writeFile(join(path, 'repodata', `${type}.xml`), content);
    const digest = createHash('sha256').update(content).digest('hex');
    return `<data type="${type}"><checksum type="sha256">${digest}</checksum><location href="repodata/${type}.xml"/><timestamp>1</timestamp><size>${Buffer.byteLength(content)}</size></data>`;
  });
  const body = (await Promise.all(data)).join('\n');
  const repomd = `<repomd xmlns="http://linux.duke.edu/metadata/repo"><revision>1</revision>${body}</repomd>`;
  await writeFile(join(path, 'repodata', 'repomd.xml'), repomd);
}

function compsOf({ groups = [], environments = [] }: CaseRepo): string {
  const group = ({ id, members }: CaseGroup): string =>
    `<group><id>${id}</id><name>${id} name</name><packagelist>${members.map(member).join('')}</packagelist></group>`;
  const member = ({ name, type, requires }: CaseMember): string =>
    `<packagereq type="${type}"${requires === undefined ? '' : ` requires="${requires}"`}>${name}</packagereq>`;
  const environment = ({ id, groups: ids }: { readonly id: string; readonly groups: readonly string[] }): string =>
    `<environment><id>${id}</id><name>${id} name</name><grouplist>${ids.map((one) => `<groupid>${one}</groupid>`).join('')}</grouplist></environment>`;
  return `<?xml version="1.0" encoding="UTF-8"?>\n<comps>${groups.map(group).join('')}${environments.map(environment).join('')}</comps>\n`;
}

function text(content: string): () => AsyncIterable<Uint8Array> {
  return async function* () {
    yield Buffer.from(content);
  };
}
