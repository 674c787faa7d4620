// A child process of the TFTP bench: the appliance's own listener and its own way to open files, over one directory.
// Called with ADDRESS, PORT and DIRECTORY; runs until SIGTERM.

import { stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { FilePlace } from '../../mirror/content/place.ts';
import { tftpOpen } from '../../server/assembly/tftp.ts';
import type { BootFile } from '../../server/boot/namespace.ts';
import { createLog } from '../../server/log.ts';
import { startTftpListener } from '../../server/tftp/listener.ts';

const [, , address = '', port = '', directory = ''] = process.argv;

/** A flat directory as the boot namespace tells it: its files, each one extent. */
async function open(name: string): Promise<BootFile<FilePlace>> {
  const file = join(directory, basename(name));
  const { size, mtimeMs } = await stat(file);
  const extents = [{ offset: 0, length: size }];
  const place: FilePlace = { kind: 'file', file, extents, sizeBytes: size, modifiedMs: mtimeMs };
  return { role: 'initrd', gave: 'a file of the bench', body: { kind: 'file', file: place } };
}

const listener = await startTftpListener({
  address,
  port: Number(port),
  open: tftpOpen({ open, look: open }),
  log: createLog('warn'),
  onEvent: () => {},
});
process.once('SIGTERM', () => void listener.close());
