// Runs createrepo_c over links to files of the pool, in a directory of its own, with nothing of this process's environment.

import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { access, mkdir, mkdtemp, open, rm, symlink } from 'node:fs/promises';
import { basename, delimiter, dirname, isAbsolute, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { codeOf, messageOf } from '../../../server/malformed.ts';
import { ensureDirectory } from '../../../server/store.ts';
import type { Sha256 } from '../../rpm/checksum.ts';
import type { MetadataPackage } from '../packages.ts';
import { ProgramFailed, type Createrepo, type CreaterepoOptions, type ReadDocument } from '../theirs.ts';

const PROGRAM = 'createrepo_c';
/** Hashing 50,000 packages of a slow disk takes a while; longer than this it is stuck. */
const LIMIT_MS = 2 * 60 * 60 * 1000;
const LIMIT_VERSION_MS = 10_000;
const LIMIT_OUTPUT_BYTES = 16 * 1024 * 1024;
const READ_BYTES = 256 * 1024;
const execFileAsync = promisify(execFile);

export type CreaterepoPlaces = {
  /** Where the program is sought, as `PATH` has it. */
  readonly path: string;
  /** Its directories are made below this one, and removed. */
  readonly scratch: string;
  /** The path of a file of the pool. */
  readonly fileOf: (sha256: Sha256) => string;
  /** How long it may take; two hours where it is left out. */
  readonly limitMs?: number;
};

/** createrepo_c as this system has it, or undefined where it has none that runs. */
export async function findCreaterepo(places: CreaterepoPlaces): Promise<Createrepo | undefined> {
  const program = await findProgram(places.path);
  if (program === undefined) return undefined;
  try {
    const { stdout } = await execFileAsync(program, ['--version'], { env: {}, timeout: LIMIT_VERSION_MS });
    const version = /\b\d+\.\d+(?:\.\d+)?\b/.exec(stdout)?.[0] ?? '';
    return {
      name: `${PROGRAM} ${version}`.trim(),
      run: (packages, options) => runOver(packages, options, { ...places, program }),
    };
  } catch {
    // There, but for another system: as good as none.
    return undefined;
  }
}

async function findProgram(path: string): Promise<string | undefined> {
  for (const directory of path.split(delimiter).filter(isAbsolute)) {
    const program = join(directory, PROGRAM);
    try {
      await access(program, constants.X_OK);
      return program;
    } catch (error) {
      if (codeOf(error) === undefined) throw error;
    }
  }
  return undefined;
}

type Places = CreaterepoPlaces & { readonly program: string };

async function runOver<Taken>(
  packages: readonly MetadataPackage[],
  { signal, take }: CreaterepoOptions<Taken>,
  places: Places,
): Promise<Taken> {
  // The program runs elsewhere: every path it is given is absolute.
  const scratch = resolve(places.scratch);
  await ensureDirectory(scratch);
  const work = await mkdtemp(join(scratch, 'createrepo-'));
  try {
    const repository = join(work, 'repository');
    await linkAll(packages, repository, places);
    signal.throwIfAborted();
    await execute(places, work, signal);
    const read: ReadDocument = (type) => readFrom(join(work, 'out', 'repodata', `${type}.xml.gz`));
    return await take(read);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** Links by name: hard ones would need the same file system, and the file's time and size are the target's either way. */
async function linkAll(packages: readonly MetadataPackage[], repository: string, { fileOf }: Places): Promise<void> {
  const made = new Set<string>();
  await mkdir(repository);
  for (const { path, sha256 } of packages) {
    const link = join(repository, path);
    const directory = dirname(link);
    if (!made.has(directory)) await mkdir(directory, { recursive: true });
    made.add(directory);
    await symlink(resolve(fileOf(sha256)), link);
  }
}

async function execute({ program, limitMs }: Places, work: string, signal: AbortSignal): Promise<void> {
  await mkdir(join(work, 'out'));
  // The form that every client reads, EL6's yum too; the names of the files are not used.
  const form = ['--checksum', 'sha256', '--general-compress-type', 'gz', '--no-database', '--simple-md-filenames'];
  const argv = ['--quiet', '--workers', '2', ...form, '--outputdir', join(work, 'out'), join(work, 'repository')];
  const limits = { timeout: limitMs ?? LIMIT_MS, killSignal: 'SIGKILL', maxBuffer: LIMIT_OUTPUT_BYTES } as const;
  try {
    // rpm's library reads macros from the home directory.
    await execFileAsync(program, argv, {
      ...limits,
      signal,
      cwd: work,
      env: { HOME: work, TMPDIR: work, LC_ALL: 'C' },
    });
  } catch (error) {
    signal.throwIfAborted();
    throw new ProgramFailed(`${PROGRAM} failed: ${lastWords(error)}`, { cause: error });
  }
}

function lastWords(error: unknown): string {
  if (error instanceof Error && 'killed' in error && error.killed === true) return 'it took too long or said too much';
  const said =
    error instanceof Error && 'stderr' in error && typeof error.stderr === 'string' ? error.stderr.trim() : '';
  return said === '' ? messageOf(error) : said.slice(-300);
}

async function* readFrom(path: string): AsyncGenerator<Uint8Array> {
  const file = await open(path, 'r').catch((cause: unknown) => {
    throw new ProgramFailed(`${PROGRAM} left no ${basename(path)}`, { cause });
  });
  for await (const chunk of file.createReadStream({ highWaterMark: READ_BYTES })) yield chunk as Uint8Array;
}
