// kickstand bundle diff OLD [NEW]: what differs between two bundles, or between one and what the appliance gives now.

import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { diffBundles, type BundleChange } from '../../kickstart/bundle/diff.ts';
import { MANIFEST_NAME, type BundleEntry } from '../../kickstart/bundle/entries.ts';
import { readArchive } from '../../kickstart/bundle/unpack.ts';
import { bundleFor } from '../../server/assembly/bundle.ts';
import { isNo, Malformed, messageOf } from '../../server/malformed.ts';
import { CommandFailed, readContext, withHouse } from './context.ts';
import type { Args, Context, Flags } from './context.ts';
import type { ExitCode } from './output.ts';
import { print } from './output.ts';

/** Exit 1 where anything differs, as diff(1) has it; 2 where one cannot be read. */
export async function diffCommand([old, now]: Args, flags: Flags): Promise<ExitCode> {
  const context = readContext(flags);
  if (typeof old !== 'string') throw new CommandFailed('name a bundle', 2);
  const before = await readBundle(old);
  const after = typeof now === 'string' ? await readBundle(now) : await currentBundle(context, before, old);
  const changes = diffBundles(before, after);
  print(context.output, { changes }, changesText(changes));
  return changes.length === 0 ? 0 : 1;
}

async function readBundle(file: string): Promise<readonly BundleEntry[]> {
  try {
    return await readArchive(await readFile(file), basename(file));
  } catch (error) {
    const remedy = error instanceof Malformed ? 'give a bundle as tar.gz' : 'name a bundle that was downloaded before';
    throw new CommandFailed(`${messageOf(error)}; ${remedy}`, 2);
  }
}

/** The bundle of the same host, or the site, without secrets. */
async function currentBundle(
  context: Context,
  before: readonly BundleEntry[],
  file: string,
): Promise<readonly BundleEntry[]> {
  const name = subjectOf(before, file);
  const bundle = await withHouse(context, (house) => bundleFor(house, name, { withSecrets: false }));
  if (isNo(bundle)) throw new CommandFailed(`there is no bundle of ${name} now: ${bundle.reason}`, 2);
  return bundle.entries;
}

function subjectOf(entries: readonly BundleEntry[], file: string): string {
  const text = entries.find(({ name }) => name === MANIFEST_NAME)?.text ?? '{}';
  const { kind, secrets, hosts } = manifestOf(text);
  if (secrets === 'included') {
    throw new CommandFailed(`${file} holds secrets, and what it is compared with does not: name another bundle`, 2);
  }
  const [first] = Array.isArray(hosts) ? (hosts as readonly unknown[]) : [];
  const host = typeof first === 'object' && first !== null && 'host' in first ? first.host : undefined;
  if (kind === 'site') return 'site';
  if (typeof host === 'string') return host;
  throw new CommandFailed(`${file} does not say whose bundle it is: name another to compare it with`, 2);
}

function manifestOf(text: string): { readonly kind?: unknown; readonly secrets?: unknown; readonly hosts?: unknown } {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}

/** What a terminal would act on is shown as a question mark: a bundle may come from anywhere. */
const ACTED_ON = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2066-\u2069]/g;

function changesText(changes: readonly BundleChange[]): string {
  if (changes.length === 0) return 'nothing differs';
  const counts = (['added', 'changed', 'removed'] as const).map(
    (kind) => `${changes.filter((change) => change.kind === kind).length} ${kind}`,
  );
  return `${changes
    .map(({ text }) => text)
    .join('')
    .replaceAll(ACTED_ON, '?')}${counts.join(', ')}`;
}
