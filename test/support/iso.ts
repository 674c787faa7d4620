// Builds ISO images for tests with the tools that make real install media: a directory in, an image out.

import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Is a tool on the PATH? Tests that need one that is not are skipped by hand, and fail in CI. */
export function hasTool(name: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((directory) => {
    try {
      accessSync(join(directory, name), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** Should a test that needs these tools be skipped? Never in CI: there it is to fail. */
export function skipWithout(...tools: readonly string[]): boolean {
  return process.env['CI'] === undefined && !tools.every(hasTool);
}

/** Runs a tool; answers its standard output as bytes. */
export async function runTool(tool: string, args: readonly string[]): Promise<Buffer> {
  // Makers and readers take file names in the locale's letters: without one they make others of them.
  const env = { ...process.env, LC_ALL: 'C.UTF-8' };
  const { stdout } = await run(tool, args, { encoding: 'buffer', maxBuffer: 64 * 1024 * 1024, env });
  return stdout;
}

/** A new directory for one test, and its removal. */
export async function makeRoom(): Promise<{ readonly path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'kickstand-iso-'));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

/** Writes files (path → content) below `directory`. */
export async function writeFiles(
  directory: string,
  files: Readonly<Record<string, string | Uint8Array>>,
): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    const file = join(directory, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, content);
  }
}

export type IsoOptions = {
  /** Which program writes it; xorriso where nothing is said. */
  readonly maker?: 'xorriso' | 'genisoimage';
  /** Its arguments, in mkisofs's language; `-R -J` where nothing is said. */
  readonly args?: readonly string[];
  readonly label?: string;
};

/** Makes the image `iso` of everything below `directory`. */
export async function makeIso(directory: string, iso: string, options: IsoOptions = {}): Promise<void> {
  const { maker = 'xorriso', args = ['-R', '-J'], label = 'TEST' } = options;
  const start = maker === 'xorriso' ? ['-as', 'mkisofs'] : [];
  await runTool(maker, [...start, '-quiet', '-o', iso, '-V', label, ...args, directory]);
}
