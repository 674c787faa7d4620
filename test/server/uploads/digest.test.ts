// Sums of a file that grows while what was there before is still being read: the bytes count in their order, each once.

import { createHash, randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { openFollower } from '../../../server/uploads/digest.ts';
import { sha256Of } from '../../support/upload-desk.ts';

const BYTES = randomBytes(3_000_000);

test('what comes while the disk is read is read from there in its turn', async () => {
  const opened = Promise.withResolvers<void>();
  const follower = openFollower(async (target, position) => {
    await opened.promise;
    return BYTES.copy(target, 0, position);
  });
  const caughtUp = follower.reach(2_000_000);
  follower.feed(BYTES.subarray(2_000_000, 2_500_000), 2_000_000);
  opened.resolve();
  follower.feed(BYTES.subarray(2_500_000), 2_500_000);
  await caughtUp;
  await follower.reach(BYTES.length);
  expect(follower.sums()).toEqual({ sha256: sha256Of(BYTES), md5: createHash('md5').update(BYTES).digest('hex') });
});

test('what was fed in order is not read at all', async () => {
  const follower = openFollower(() => Promise.reject(new Error('was read')));
  for (let at = 0; at < BYTES.length; at += 65_536) follower.feed(BYTES.subarray(at, at + 65_536), at);
  await follower.reach(BYTES.length);
  expect(follower.sums().sha256).toBe(sha256Of(BYTES));
});

test('a disk that cannot be read is told to who asks, and asked again', async () => {
  let fails = true;
  const follower = openFollower(async (target, position) => {
    if (fails) throw new Error('EIO');
    return BYTES.copy(target, 0, position);
  });
  await expect(follower.reach(1000)).rejects.toThrow('EIO');
  fails = false;
  follower.feed(BYTES.subarray(1000), 1000);
  await follower.reach(BYTES.length);
  expect(follower.sums().sha256).toBe(sha256Of(BYTES));
});
