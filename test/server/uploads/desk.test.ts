// Uploads over a real disk: resumed anywhere they come out exact, one sender at a time, nothing half is ever served.

import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { DeskHere } from '../../support/upload-desk.ts';
import { announced, deskIn, hanging, piece, sending, sha256Of } from '../../support/upload-desk.ts';

const BYTES = randomBytes(300_000);
const NAME = 'vm.qcow2';

let directory: string;
let here: DeskHere;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'kickstand-uploads-'));
  here = deskIn(directory);
});
afterEach(async () => {
  await here.desk.close();
  rmSync(directory, { recursive: true });
});

const served = (name = NAME): Buffer => readFileSync(join(directory, name));
const leftovers = (): readonly string[] => readdirSync(join(directory, '.uploads'));

async function begun(name = NAME, sizeBytes = BYTES.length, sha256?: string): Promise<string> {
  const claim = await here.desk.begin(announced(name, sizeBytes, sha256));
  if (!('id' in claim)) throw new Error(claim.why.reason);
  return claim.id;
}

describe('an upload', () => {
  test('of one piece is published with its sums, and nothing else is left', async () => {
    const id = await begun(NAME, BYTES.length, sha256Of(BYTES));
    expect(await here.desk.append(id, piece(0, sending(BYTES, [BYTES.length])))).toMatchObject({
      published: { sha256: sha256Of(BYTES), md5: createHash('md5').update(BYTES).digest('hex'), by: 'tester' },
    });
    expect(served().equals(BYTES)).toBe(true);
    expect(leftovers()).toEqual([]);
    expect(await here.desk.standing(id)).toMatchObject({ offset: BYTES.length, published: { name: NAME } });
  });

  test('comes out exact, however it is cut, resumed and interrupted by restarts', async () => {
    const step = fc.record({
      sizes: fc.array(fc.integer({ min: 1, max: 60_000 }), { maxLength: 6 }),
      how: fc.constantFrom('whole', 'broken', 'checked', 'damaged', 'restart'),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 12 }),
        fc.integer({ min: 1, max: BYTES.length }),
        async (steps, size) => {
          const bytes = BYTES.subarray(0, size);
          const id = await begun(NAME, size, sha256Of(bytes));
          let offset = 0;
          for (const { sizes, how } of [...steps, { sizes: [size], how: 'whole' as const }]) {
            if (how === 'restart') {
              await here.desk.close();
              here = deskIn(directory);
            }
            const rest = bytes.subarray(offset);
            const sent = rest.subarray(
              0,
              sizes.reduce((sum, one) => sum + one, 0),
            );
            const digest = createHash('sha1').update(sent).digest();
            const arriving = how === 'damaged' ? Buffer.from(rest.map((byte) => byte ^ 1)) : rest;
            const stands = await here.desk.append(id, {
              ...piece(offset, sending(arriving, sizes, how === 'broken' ? 'broken' : 'whole')),
              checksum: how === 'checked' || how === 'damaged' ? { algorithm: 'sha1', digest } : undefined,
            });
            if (how === 'damaged' && sent.length === 0) expect(stands).toMatchObject({ offset });
            else if (how === 'damaged') expect(stands).toMatchObject({ cause: 'damaged-piece' });
            else offset += sent.length;
            if (offset === size) break;
            expect(await here.desk.standing(id)).toMatchObject({ offset, published: undefined });
          }
          expect(served().equals(bytes)).toBe(true);
          expect(await here.staged.find(NAME)).toMatchObject({ file: { sha256: sha256Of(bytes) }, state: 'ready' });
          expect(await here.staged.remove(NAME)).toBe(true);
          expect(leftovers()).toEqual([]);
        },
      ),
      { numRuns: 40 },
    );
  });

  test('of other content than was said is dropped', async () => {
    const id = await begun(NAME, BYTES.length, 'f'.repeat(64));
    expect(await here.desk.append(id, piece(0, sending(BYTES, [BYTES.length])))).toMatchObject({
      cause: 'other-content',
    });
    expect(await here.staged.isTaken(NAME)).toBe(false);
    expect(leftovers()).toEqual([]);
  });

  test('is told where it stands, and takes bytes nowhere else', async () => {
    const id = await begun();
    await here.desk.append(id, piece(0, sending(BYTES, [1000], 'broken')));
    for (const offset of [0, 999, 1001])
      expect(await here.desk.append(id, piece(offset, sending(BYTES, [10])))).toMatchObject({ cause: 'other-offset' });
    const more = Buffer.concat([BYTES, Buffer.from('x')]).subarray(1000);
    expect(await here.desk.append(id, piece(1000, sending(more, [more.length])))).toMatchObject({ cause: 'wrong' });
    expect(await here.desk.standing(id)).toMatchObject({ offset: 1000 });
  });

  test('trusts only what was made sure: bytes behind that are sent again', async () => {
    const id = await begun();
    await here.desk.append(id, piece(0, sending(BYTES, [1000], 'broken')));
    await here.desk.close();
    const part = join(directory, '.uploads', NAME, 'bytes');
    writeFileSync(part, Buffer.concat([BYTES.subarray(0, 1000), Buffer.alloc(5000)]));
    here = deskIn(directory);
    expect(await here.desk.standing(id)).toMatchObject({ offset: 1000 });
    await here.desk.append(id, piece(1000, sending(BYTES.subarray(1000), [BYTES.length])));
    expect(served().equals(BYTES)).toBe(true);
  });

  test('that was whole when its process ended is published when it is asked for', async () => {
    const id = await begun(NAME, BYTES.length, sha256Of(BYTES));
    await here.desk.append(id, piece(0, sending(BYTES.subarray(0, -1), [BYTES.length])));
    await here.desk.close();
    const place = join(directory, '.uploads', NAME);
    writeFileSync(join(place, 'bytes'), BYTES);
    writeFileSync(join(place, 'sure'), `${String(BYTES.length).padStart(16, '0')}\n`);
    here = deskIn(directory);
    expect(await here.desk.standing(id)).toMatchObject({ published: { sha256: sha256Of(BYTES) } });
  });

  test('whose sender comes back by another connection is cut off the old one', async () => {
    const id = await begun();
    const old = hanging(BYTES.subarray(0, 5000));
    const first = here.desk.append(id, { ...piece(0, old.source), cut: old.cut });
    await old.begun;
    expect(await here.desk.standing(id)).toMatchObject({ offset: 5000 });
    expect(await first).toMatchObject({ offset: 5000 });
    await here.desk.append(id, piece(5000, sending(BYTES.subarray(5000), [BYTES.length])));
    expect(served().equals(BYTES)).toBe(true);
  });

  test('is ended on demand, by this process or another', async () => {
    const id = await begun();
    expect(await here.desk.end(id)).toBe('ended');
    expect(await here.desk.standing(id)).toMatchObject({ cause: 'gone' });
    const other = await begun();
    await here.desk.append(other, piece(0, sending(BYTES, [1000])));
    expect(await deskIn(directory).desk.end(other)).toBe('ended');
    expect(await here.desk.append(other, piece(1000, sending(BYTES, [1000])))).toMatchObject({ cause: 'gone' });
  });
});

describe('a name', () => {
  test('is held by one upload, whoever asks at the same time', async () => {
    const others = [here, deskIn(directory), deskIn(directory)];
    const claims = await Promise.all(others.map(({ desk }) => desk.begin(announced(NAME, 10))));
    expect(claims.filter((claim) => 'id' in claim)).toHaveLength(1);
    expect(claims.filter((claim) => 'cause' in claim && claim.cause === 'taken')).toHaveLength(2);
  });

  test('of a file that is served, or was laid there by hand, is taken', async () => {
    writeFileSync(join(directory, NAME), 'by hand');
    expect(await here.desk.begin(announced(NAME, 10))).toMatchObject({ cause: 'taken' });
    expect(await here.staged.find(NAME)).toMatchObject({ kind: 'no' });
    expect(await here.staged.strays()).toEqual([NAME]);
    expect(leftovers()).toEqual([]);
  });
});

describe('limits', () => {
  test.each<[string, number, string]>([
    ['x.iso', 64 * 1024 * 1024 + 1, 'too-large'],
    ['x.iso', 0, 'wrong'],
    ['../x.iso', 5, 'wrong'],
  ])('%s of %i bytes: %s', async (name, size, cause) => {
    expect(await here.desk.begin(announced(name, size))).toMatchObject({ cause });
  });

  test('so many unfinished, so many at once', async () => {
    const ids = await Promise.all(['a.iso', 'b.iso', 'c.iso'].map((name) => begun(name)));
    expect(await here.desk.begin(announced('d.iso', 10))).toMatchObject({ cause: 'busy' });
    const senders = ids.slice(0, 2).map((id) => ({ id, ...hanging(BYTES.subarray(0, 10)) }));
    const running = senders.map(({ id, source, cut }) => here.desk.append(id, { ...piece(0, source), cut }));
    await Promise.all(senders.map(({ begun }) => begun));
    expect(await here.desk.append(ids[2] ?? '', piece(0, sending(BYTES, [10])))).toMatchObject({ cause: 'busy' });
    for (const { cut } of senders) cut();
    await Promise.all(running);
    expect(await here.desk.append(ids[2] ?? '', piece(0, sending(BYTES, [10])))).toMatchObject({ offset: 10 });
  });

  test('of the disk: what others will bring counts, and what is to stay free', async () => {
    here = deskIn(directory, { reserveBytes: Number.MAX_SAFE_INTEGER });
    expect(await here.desk.begin(announced(NAME, 10))).toMatchObject({ cause: 'no-room' });
  });
});

describe('the sweep', () => {
  test('drops what nothing was heard of, and no file that is served', async () => {
    const id = await begun();
    await here.desk.append(id, piece(0, sending(BYTES, [BYTES.length])));
    await begun('old.iso');
    await begun('new.iso');
    utimesSync(join(directory, '.uploads', 'old.iso', 'sure'), 100, 100);
    here = deskIn(directory, { expireMs: 60_000 }, Date.now);
    await here.desk.sweep('running');
    expect(leftovers()).toEqual(['new.iso']);
    expect(served().equals(BYTES)).toBe(true);
  });

  test('leaves an upload whose sender has asked for it', async () => {
    const id = await begun();
    utimesSync(join(directory, '.uploads', NAME, 'sure'), 100, 100);
    here = deskIn(directory, { expireMs: 60_000 }, Date.now);
    const stands = await here.desk.standing(id);
    expect('expiresAt' in stands && stands.expiresAt).toBeGreaterThan(Date.now());
    await here.desk.sweep('running');
    expect(leftovers()).toEqual([NAME]);
  });

  test('at the start drops what cannot be resumed, and records without files', async () => {
    const id = await begun();
    await here.desk.append(id, piece(0, sending(BYTES, [BYTES.length])));
    rmSync(join(directory, NAME));
    await here.desk.begin({ ...announced('whole.iso', 10), how: 'whole' });
    here = deskIn(directory, { expireMs: 60_000 }, Date.now);
    await here.desk.sweep('start');
    expect(leftovers()).toEqual([]);
    expect(readdirSync(join(directory, '.records'))).toEqual([]);
  });
});

describe('a whole file', () => {
  const about = { ...announced(NAME, BYTES.length), how: 'whole' } as const;

  test('is published', async () => {
    const source = sending(BYTES, [100_000, 100_000, 100_000]);
    expect(await here.desk.whole(about, { source, cut: () => undefined })).toMatchObject({ published: { name: NAME } });
    expect(served().equals(BYTES)).toBe(true);
  });

  test('that breaks off leaves nothing', async () => {
    const source = sending(BYTES, [100_000], 'broken');
    expect(await here.desk.whole(about, { source, cut: () => undefined })).toMatchObject({ cause: 'cut' });
    expect(leftovers()).toEqual([]);
    expect(await here.staged.isTaken(NAME)).toBe(false);
  });
});

test('a file that was changed behind our back is told as such', async () => {
  const id = await begun();
  await here.desk.append(id, piece(0, sending(BYTES, [BYTES.length])));
  truncateSync(join(directory, NAME), 10);
  expect(await here.staged.find(NAME)).toMatchObject({ state: 'altered' });
});
