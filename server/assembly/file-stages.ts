// One file of the boot namespace as a stage of a boot, whichever protocol carried it. Values in, values out.

import type { FilePlace } from '../../mirror/content/place.ts';
import type { BootContent, BootFile } from '../boot/namespace.ts';
import { isNo } from '../malformed.ts';
import { printable } from '../printable.ts';
import type { FileRole, Stage } from '../stages.ts';

type FileStage = Extract<Stage, { kind: 'file' }>;
/** What a protocol adds to the file it carried. `name` and `reason` as they came. */
type Carried = Omit<FileStage, 'kind' | 'role' | 'gave' | 'sizeBytes'>;

/** The files that are long under way: their begin is a stage of its own, and their end replaces it. */
const LONG: ReadonlySet<FileRole> = new Set(['kernel', 'initrd', 'xen']);

/** The stage of a file whose transfer has ended, one way or another; `found` undefined: it never came to a look-up. */
export function fileStage(found: BootFile<FilePlace> | undefined, carried: Carried): FileStage {
  const body = found?.body;
  return {
    kind: 'file',
    ...carried,
    role: found?.role ?? 'unknown',
    gave: found?.gave ?? '',
    sizeBytes: body === undefined || isNo(body) ? 0 : sizeOf(body),
    name: shown(carried.name),
    asked: shown(carried.asked),
    reason: shown(carried.reason),
  };
}

/** The stage of a long transfer that begins; undefined for any other. */
export function sendingStage(
  found: BootFile<FilePlace>,
  carried: Pick<Carried, 'via' | 'name' | 'asked' | 'granted'>,
): FileStage | undefined {
  if (isNo(found.body) || !LONG.has(found.role)) return undefined;
  return fileStage(found, { ...carried, outcome: 'sending', bytes: 0, durationMs: 0, reason: '' });
}

/** What a stranger asked for, as a log and a page may show it. */
export function shown(text: string): string {
  return printable(text, 255);
}

function sizeOf(content: BootContent<FilePlace>): number {
  return content.kind === 'text' ? Buffer.byteLength(content.text) : content.file.sizeBytes;
}
