// Uploads on their way, on disk: a directory for each that holds its name, its bytes, and how many of them are sure. Edge.

import type { FileHandle } from 'node:fs/promises';
import { mkdir, open, readFile, rm, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf, Malformed } from '../../malformed.ts';
import { ensureDirectory, namesIn, saveFile, syncDirectory } from '../../store.ts';
import type { Claim } from '../record.ts';
import { formatRecord, parseClaim } from '../record.ts';
import { isStagedName } from '../name.ts';

/** An upload as it lies there. `offset` bytes are on disk for sure; `heardAt` is when the last of them came. */
export type Held = { readonly claim: Claim; readonly offset: number; readonly heardAt: number };

/** The open file of one upload. */
export type Part = {
  /** Where the bytes lie. */
  readonly path: string;
  readonly durableBytes: () => number;
  write(bytes: Uint8Array, position: number): Promise<void>;
  readAt(target: Uint8Array, position: number): Promise<number>;
  /** Makes the first `offset` bytes sure, and then says so on disk. */
  settle(offset: number): Promise<void>;
  /** Forgets what lies behind `offset`. */
  truncate(offset: number): Promise<void>;
  close(): Promise<void>;
};

export type PartStore = {
  /** Takes the name of `claim`, in one step: who comes second, in whatever process, is told `taken`. */
  claim(claim: Claim): Promise<'claimed' | 'taken'>;
  list(): Promise<readonly Held[]>;
  /** Undefined where it is gone. What is behind the sure bytes is cut off. */
  open(name: string): Promise<Part | undefined>;
  /** Removes an upload and its bytes; false where there is none. */
  drop(name: string): Promise<boolean>;
  /** Removes what a process left that ended while it claimed a name, where that was before `beforeMs`. */
  dropBroken(beforeMs: number): Promise<void>;
  freeBytes(): Promise<number>;
};

const [BYTES, SURE, CLAIM] = ['bytes', 'sure', 'upload.json'] as const;
/** Always as long: it is written in place, within one sector, so that a power cut leaves the old number or the new. */
const SURE_DIGITS = 16;

/** The uploads below `directory`, which is made. */
export function openPartStore(directory: string): PartStore {
  const names = async (): Promise<readonly string[]> => (await namesIn(directory)).filter(isStagedName);
  const placeOf = async (name: string): Promise<string | undefined> => {
    const found = (await names()).find((one) => one === name);
    return found === undefined ? undefined : join(directory, found);
  };
  return {
    claim: async (claim) => {
      await ensureDirectory(directory);
      if (!isStagedName(claim.name)) throw new Malformed('not a name of a staged file', 'claim');
      return make(join(directory, claim.name), claim);
    },
    list: async () => {
      const held = await Promise.all((await names()).map((name) => heldAt(join(directory, name))));
      return held.filter((one) => one !== undefined);
    },
    open: async (name) => {
      const place = await placeOf(name);
      return place === undefined ? undefined : openPart(place);
    },
    drop: async (name) => {
      const place = await placeOf(name);
      if (place === undefined) return false;
      await rm(place, { recursive: true, force: true });
      return true;
    },
    dropBroken: async (beforeMs) => {
      for (const name of await names()) {
        const place = join(directory, name);
        if ((await heldAt(place)) !== undefined) continue;
        const madeAt = await modifiedAt(place);
        if (madeAt !== undefined && madeAt < beforeMs) await rm(place, { recursive: true, force: true });
      }
    },
    freeBytes: async () => {
      await ensureDirectory(directory);
      const { bavail, bsize } = await statfs(directory);
      return bavail * bsize;
    },
  };
}

async function make(place: string, claim: Claim): Promise<'claimed' | 'taken'> {
  try {
    await mkdir(place);
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return 'taken';
    throw error;
  }
  try {
    await (await open(join(place, BYTES), 'wx', 0o644)).close();
    await saveFile(join(place, SURE), sureText(0));
    // Last: a directory without it is broken.
    await saveFile(join(place, CLAIM), formatRecord(claim));
    await syncDirectory(join(place, '..'));
    return 'claimed';
  } catch (error) {
    await rm(place, { recursive: true, force: true });
    throw error;
  }
}

/** Undefined for what is broken, or has just gone. */
async function heldAt(place: string): Promise<Held | undefined> {
  try {
    const claim = parseClaim(await readFile(join(place, CLAIM), 'utf8'), CLAIM);
    const offset = await sureBytes(place);
    return { claim, offset, heardAt: (await modifiedAt(join(place, SURE))) ?? claim.createdAt };
  } catch (error) {
    if (error instanceof Malformed || codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** No more than are there: what was published is not there any more. */
async function sureBytes(place: string): Promise<number> {
  const text = await readFile(join(place, SURE), 'latin1');
  const said = /^\d{16}\n$/.test(text) ? Number(text) : 0;
  return Math.min(said, (await stat(join(place, BYTES))).size);
}

function sureText(offset: number): string {
  return `${String(offset).padStart(SURE_DIGITS, '0')}\n`;
}

async function openPart(place: string): Promise<Part | undefined> {
  const path = join(place, BYTES);
  let bytes: FileHandle | undefined;
  try {
    let durable = await sureBytes(place);
    bytes = await open(path, 'r+');
    await bytes.truncate(durable);
    const sure = await open(join(place, SURE), 'r+');
    return partOf({ path, bytes, sure, durable: () => durable, tell: (offset) => (durable = offset) });
  } catch (error) {
    await bytes?.close();
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

type Opened = {
  readonly path: string;
  readonly bytes: FileHandle;
  readonly sure: FileHandle;
  readonly durable: () => number;
  readonly tell: (offset: number) => void;
};

function partOf({ path, bytes, sure, durable, tell }: Opened): Part {
  const say = async (offset: number): Promise<void> => {
    await sure.write(sureText(offset), 0, 'latin1');
    await sure.datasync();
    tell(offset);
  };
  return {
    path,
    durableBytes: durable,
    write: async (from, position) => {
      let done = 0;
      while (done < from.byteLength) {
        done += (await bytes.write(from, done, from.byteLength - done, position + done)).bytesWritten;
      }
    },
    readAt: async (target, position) => (await bytes.read(target, 0, target.byteLength, position)).bytesRead,
    settle: async (offset) => {
      await bytes.datasync();
      await say(offset);
    },
    truncate: async (offset) => {
      // First the number: it must never be more than there is.
      if (durable() > offset) await say(offset);
      await bytes.truncate(offset);
    },
    close: async () => {
      await bytes.close();
      await sure.close();
    },
  };
}

async function modifiedAt(path: string): Promise<number | undefined> {
  try {
    return Math.floor((await stat(path)).mtimeMs);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
