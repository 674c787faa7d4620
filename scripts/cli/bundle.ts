// kickstand bundle HOST | --site: writes a configuration bundle.

import { archiveBytes } from '../../kickstart/bundle/archive.ts';
import { bundleFor } from '../../server/assembly/bundle.ts';
import { isNo } from '../../server/malformed.ts';
import { saveFile } from '../../server/store.ts';
import { CommandFailed, readContext, withHouse } from './context.ts';
import type { Args, Flags } from './context.ts';
import type { ExitCode } from './output.ts';
import { formatBytes, print, refuse } from './output.ts';

/** Writes the bundle; with secrets its mode is 0600. */
export async function bundleCommand([host]: Args, flags: Flags): Promise<ExitCode> {
  const context = readContext(flags);
  const name = host ?? (flags['site'] === undefined ? undefined : 'site');
  if (typeof name !== 'string') throw new CommandFailed('name a host, or give --site for the whole site', 2);
  const output = typeof flags['output'] === 'string' ? flags['output'] : undefined;
  const format = formatOf(flags['format'], output);
  const withSecrets = flags['withSecrets'] === true;
  const bundle = await withHouse(context, (house) => bundleFor(house, name, { withSecrets }));
  if (isNo(bundle)) return refuse(context.output, bundle);
  const bytes = await archiveBytes(bundle.entries, format);
  const file = output ?? `${name}.${format}`;
  if (file === '-') {
    process.stdout.write(bytes);
    return 0;
  }
  await saveFile(file, bytes, withSecrets ? 0o600 : 0o644);
  print(
    context.output,
    { file, sizeBytes: bytes.length, secrets: withSecrets },
    `${file}: ${bundle.entries.length} files, ${formatBytes(bytes.length)}`,
  );
  return 0;
}

function formatOf(asked: unknown, output: string | undefined): 'tar.gz' | 'zip' {
  if (asked === undefined) return output?.endsWith('.zip') === true ? 'zip' : 'tar.gz';
  if (asked === 'zip' || asked === 'tar.gz') return asked;
  throw new CommandFailed('--format: tar.gz or zip', 2);
}
