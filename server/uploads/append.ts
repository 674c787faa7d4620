// Takes bytes of an upload, makes them sure, and gives the file its name once it is whole and right. Running.

import { createHash } from 'node:crypto';
import { codeOf, no } from '../malformed.ts';
import type { Desk, Live, Standing } from './lives.ts';
import { drop } from './lives.ts';
import type { Received, Source } from './receive.ts';
import { receive } from './receive.ts';
import type { StagedFile } from './record.ts';
import type { Refused } from './refusal.ts';
import { refused } from './refusal.ts';

export type Piece = {
  readonly offset: number;
  readonly source: Source;
  /** What the piece's bytes must add up to. */
  readonly checksum: { readonly algorithm: string; readonly digest: Buffer } | undefined;
  /** Ends the source, where its sender has come back over another connection. */
  readonly cut: () => void;
};

/** Where it stands; published now, where a process ended between the last byte and the name. */
export async function standingOf(desk: Desk, live: Live): Promise<Standing | Refused> {
  const offset = live.part.durableBytes();
  const { sizeBytes, metadata } = live.claim;
  if (offset === sizeBytes) return finish(desk, live);
  const expiresAt = desk.now() + desk.limits.expireMs;
  return { kind: 'standing', offset, sizeBytes, metadata, expiresAt, published: undefined };
}

/** Takes a piece of it, and publishes it with the last. */
export async function appendTo(desk: Desk, live: Live, piece: Piece): Promise<Standing | Refused> {
  const { limits } = desk;
  const at = live.part.durableBytes();
  if (piece.offset !== at)
    return refused(
      'other-offset',
      no(`the upload stands at ${at}, not at ${piece.offset}`, 'ask where it stands (HEAD)'),
    );
  const receiving = [...desk.lives.values()].filter(({ active }) => active !== undefined).length;
  if (receiving > limits.receiving)
    return refused('busy', no(`${limits.receiving} uploads are coming in already`, 'try again in a minute'));
  try {
    const received = await take(desk, live, piece);
    return 'kind' in received ? received : await settled(desk, live, received);
  } catch (error) {
    // What the disk refused once is believed no more: the page cache may lie. And a full disk needs its room back.
    await drop(desk, live);
    if (codeOf(error) === 'ENOENT') throw error;
    if (codeOf(error) !== 'ENOSPC') throw new Error(`the upload of ${live.claim.name} failed`, { cause: error });
    desk.log.warn('upload dropped: the disk is full', { file: live.claim.name });
    return refused('no-room', no('the disk became full; the upload was dropped', 'make room, then begin it anew'));
  }
}

async function take(desk: Desk, live: Live, piece: Piece): Promise<Received | Refused> {
  const { part, follower, claim } = live;
  const { checksum, offset: from, source } = piece;
  const work = {
    ...{ part, follower, source, from, sizeBytes: claim.sizeBytes },
    hasRoom: async () => (await desk.parts.freeBytes()) >= desk.limits.reserveBytes / 2,
  };
  if (checksum === undefined) return receive({ ...work, sure: 'behind', onBytes: () => undefined });
  await follower.reach(from);
  const takeBack = follower.checkpoint();
  const hash = createHash(checksum.algorithm);
  const received = await receive({ ...work, sure: 'never', onBytes: (bytes) => void hash.update(bytes) });
  if (received.end === 'ended' && hash.digest().equals(checksum.digest)) {
    await part.settle(received.offset);
    return received;
  }
  // Nothing of an unproved piece is kept.
  takeBack();
  await part.truncate(from);
  if (received.end !== 'ended') return { ...received, offset: from };
  return refused('damaged-piece', no('the bytes are not those of the checksum', 'send them again'));
}

async function settled(desk: Desk, live: Live, { end }: Received): Promise<Standing | Refused> {
  switch (end) {
    case 'too-long':
      return refused('wrong', no(`more bytes came than the ${live.claim.sizeBytes} that were announced`));
    case 'no-room':
      return refused('no-room', no('the disk is nearly full; the upload waits', 'make room, then resume it'));
    case 'ended':
    case 'cut':
      return standingOf(desk, live);
  }
}

async function finish(desk: Desk, live: Live): Promise<Standing | Refused> {
  const { claim, part, follower } = live;
  await follower.reach(claim.sizeBytes);
  const sums = follower.sums();
  if (claim.sha256 !== undefined && claim.sha256 !== sums.sha256) {
    await drop(desk, live);
    return refused(
      'other-content',
      no(`the file's sha256 is ${sums.sha256}, not ${claim.sha256}`, 'check the source; then upload it anew'),
    );
  }
  const { name, sizeBytes, by, metadata } = claim;
  const published: StagedFile = { name, sizeBytes, ...sums, addedAt: desk.now(), by, upload: claim.id };
  await desk.staged.publish(part.path, published);
  await drop(desk, live);
  desk.log.info('template uploaded', { file: name, bytes: sizeBytes, sha256: sums.sha256 });
  return { kind: 'standing', offset: sizeBytes, sizeBytes, metadata, expiresAt: undefined, published };
}
