// A disk that fills up under uploads: refused beforehand, dropped in the middle without a trace, kept where only the reserve is gone.

import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Source } from '../../../server/uploads/receive.ts';
import { needs } from '../../support/lab-needs.ts';
import { run } from '../../support/lab-run.ts';
import type { DeskHere } from '../../support/upload-desk.ts';
import { announced, deskIn, piece, sending } from '../../support/upload-desk.ts';

const MIB = 1024 * 1024;
const BYTES = randomBytes(3 * MIB);
const here = needs(['mount'], 'none');

describe.skipIf(here.skip)(`on a disk of 4 MiB${here.note}`, () => {
  let disk: string;
  let desk: DeskHere['desk'];
  let staged: DeskHere['staged'];
  beforeEach(async () => {
    disk = mkdtempSync(join(tmpdir(), 'kickstand-staging-disk-'));
    await run(['mount', '-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', disk]);
    ({ desk, staged } = deskIn(disk));
  });
  afterEach(async () => {
    await desk.close();
    await run(['umount', '--lazy', disk]);
    rmSync(disk, { recursive: true });
  });

  const free = (): number => {
    const { bavail, bsize } = statfsSync(disk);
    return bavail * bsize;
  };
  /** Leaves so many bytes, to the page. */
  const fill = (leave: number): void => writeFileSync(join(disk, 'filler'), Buffer.alloc(free() - leave, 1));
  const leftovers = (): readonly string[] => readdirSync(join(disk, '.uploads'));
  async function* fillingAfter(bytes: number, leave: number): Source {
    for (let at = 0; at < BYTES.length; at += 65_536) {
      if (at === bytes) fill(leave);
      yield BYTES.subarray(at, at + 65_536);
    }
  }

  test('what does not fit, or will not once the others are there, is not begun', async () => {
    expect(await desk.begin(announced('big.iso', 5 * MIB))).toMatchObject({ cause: 'no-room' });
    expect(await desk.begin(announced('a.iso', BYTES.length))).toMatchObject({ name: 'a.iso' });
    expect(await desk.begin(announced('b.iso', BYTES.length))).toMatchObject({ cause: 'no-room' });
    expect(leftovers()).toEqual(['a.iso']);
  });

  test.each(['resumable', 'whole'] as const)(
    'one that becomes full drops a %s upload, and has its room again',
    async (how) => {
      const before = free();
      const about = { ...announced('full.iso', BYTES.length), how };
      const source = fillingAfter(16 * 65_536, 512 * 1024);
      if (how === 'whole') {
        expect(await desk.whole(about, { source, cut: () => undefined })).toMatchObject({ cause: 'no-room' });
      } else {
        const claim = await desk.begin(about);
        const id = 'id' in claim ? claim.id : '';
        expect(await desk.append(id, piece(0, source))).toMatchObject({ cause: 'no-room' });
        expect(await desk.standing(id)).toMatchObject({ cause: 'gone' });
      }
      rmSync(join(disk, 'filler'));
      expect(leftovers()).toEqual([]);
      expect(await staged.isTaken('full.iso')).toBe(false);
      expect(before - free()).toBeLessThan(64 * 1024);
      const again = await desk.whole(about, { source: sending(BYTES, [MIB, MIB, MIB]), cut: () => undefined });
      expect(again).toMatchObject({ published: { name: 'full.iso' } });
      expect(readFileSync(join(disk, 'full.iso')).equals(BYTES)).toBe(true);
    },
  );
});

describe.skipIf(here.skip)(`on a disk of 200 MiB${here.note}`, () => {
  test('an upload waits where others have used up what was to stay free, and goes on later', async () => {
    const disk = mkdtempSync(join(tmpdir(), 'kickstand-staging-reserve-'));
    await run(['mount', '-t', 'tmpfs', '-o', 'size=200m', 'tmpfs', disk]);
    const { desk } = deskIn(disk, { fileBytes: 80 * MIB, reserveBytes: 60 * MIB });
    try {
      const filler = join(disk, 'filler');
      const mebibyte = BYTES.subarray(0, MIB);
      const source = async function* (from: number): Source {
        for (let at = from; at < 80; at += 1) {
          if (at === 40) writeFileSync(filler, Buffer.alloc(110 * MIB, 1));
          yield mebibyte;
        }
      };
      const claim = await desk.begin(announced('waits.raw', 80 * MIB));
      const id = 'id' in claim ? claim.id : '';
      expect(await desk.append(id, piece(0, source(0)))).toMatchObject({ cause: 'no-room' });
      rmSync(filler);
      expect(await desk.standing(id)).toMatchObject({ offset: 64 * MIB });
      expect(await desk.append(id, piece(64 * MIB, source(64)))).toMatchObject({ published: { name: 'waits.raw' } });
    } finally {
      await desk.close();
      await run(['umount', '--lazy', disk]);
      rmSync(disk, { recursive: true });
    }
  });
});
