// The operator's kickstarts on disk: what lies in kickstarts/ beside the site file, read by listing it. Edge.

import { lstat, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '../../server/malformed.ts';
import type { Templates } from '../../server/templates.ts';

/** More of either is a mistake, and every boot would read them all. */
const MOST_FILES = 500;
const MOST_BYTES = 256 * 1024;
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;

/**
 * The templates below `directory` and the snippets below its `snippets/`. Links, other kinds of file, odd names and files of more
 * than 256 KiB are not there. A directory that is missing holds none. Throws `Error` where the disk fails.
 */
export async function readTemplates(directory: string): Promise<Templates> {
  const kickstarts = await readTexts(directory, '.ks');
  return { kickstarts, snippets: await readTexts(join(directory, 'snippets'), '') };
}

async function readTexts(directory: string, ending: string): Promise<ReadonlyMap<string, string>> {
  const names = (await list(directory)).filter((name) => name.endsWith(ending) && NAME.test(name)).slice(0, MOST_FILES);
  const texts = await Promise.all(
    names.map(async (name) => [nameOf(name, ending), await readText(join(directory, name))] as const),
  );
  return new Map(texts.flatMap(([name, text]) => (text === undefined ? [] : [[name, text] as const])));
}

function nameOf(file: string, ending: string): string {
  return file.slice(0, file.length - ending.length);
}

async function list(directory: string): Promise<readonly string[]> {
  try {
    return (await readdir(directory)).toSorted();
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(codeOf(error) ?? '')) return [];
    throw error;
  }
}

async function readText(file: string): Promise<string | undefined> {
  try {
    const facts = await lstat(file);
    if (!facts.isFile() || facts.size > MOST_BYTES) return undefined;
    return await readFile(file, 'utf8');
  } catch (error) {
    // Removed since it was listed.
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
