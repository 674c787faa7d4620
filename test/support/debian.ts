// Files of Debian packages that are fetched by apt and unpacked, never installed: what the tests boot must not become part of this system.

import { createHash } from 'node:crypto';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { cached } from './lab-cache.ts';
import { run } from './lab-run.ts';

/** The directory in which `packages`, in the versions apt would install, lie unpacked; kept from run to run. */
export async function unpackedPackages(packages: readonly string[]): Promise<string> {
  const versions: string[] = [];
  for (const name of packages) versions.push(`${name}_${await candidateVersion(name)}`);
  return cached(nameOf(versions.join(',').replaceAll(/[^A-Za-z0-9._,+~-]/g, '-')), (into) =>
    unpackPackages(packages, into),
  );
}

/** A name that any file system takes. */
function nameOf(versions: string): string {
  if (versions.length <= 200) return versions;
  return `${versions.slice(0, 100)}-${createHash('sha256').update(versions).digest('hex').slice(0, 16)}`;
}

/** The packages that `name` depends on, as apt knows them. */
export async function dependenciesOf(name: string): Promise<readonly string[]> {
  const answer = await askApt(['depends', name], / {2}Depends: \S/);
  return [...answer.matchAll(/^ {2}Depends: (\S+)$/gm)].map(([, package_ = '']) => package_);
}

async function candidateVersion(name: string): Promise<string> {
  const answer = await askApt(['policy', name], /Candidate: \d/);
  const version = /Candidate: (\S+)/.exec(answer)?.[1];
  if (version === undefined) throw new Error(`apt knows no package ${name}: is this Debian on amd64?`);
  return version;
}

/** apt-cache's answer; apt's lists are fetched first where it does not say `wanted` without. */
async function askApt(args: readonly string[], wanted: RegExp): Promise<string> {
  const ask = (): Promise<string> => run(['apt-cache', ...args]);
  const answer = await ask().catch(() => '');
  if (wanted.test(answer)) return answer;
  await run(['apt-get', '-qq', 'update']);
  return ask();
}

/** Fetches `packages` and unpacks them below `into`. */
export async function unpackPackages(packages: readonly string[], into: string): Promise<void> {
  const archives = join(into, 'archives');
  await mkdir(archives, { recursive: true });
  await run(['apt-get', '-o', 'APT::Sandbox::User=root', 'download', ...packages], { cwd: archives });
  for (const archive of await readdir(archives)) await run(['dpkg-deb', '-x', join(archives, archive), into]);
  await run(['rm', '-r', archives]);
}
