// Uploads that are open in this process, and whose turn it is: one request at a time has to do with each. Running.

import type { Log } from '../log.ts';
import { codeOf, no } from '../malformed.ts';
import type { Follower } from './digest.ts';
import { openFollower } from './digest.ts';
import type { UploadLimits } from './limits.ts';
import type { Part, PartStore } from './parts/store.ts';
import type { Claim, StagedFile } from './record.ts';
import type { Refused } from './refusal.ts';
import { refused } from './refusal.ts';
import type { StagedStore } from './store.ts';

/** Where an upload stands. `published`: it is whole, right, and has its name. */
export type Standing = {
  readonly kind: 'standing';
  readonly offset: number;
  readonly sizeBytes: number;
  readonly metadata: string;
  /** When it is dropped if nothing more comes; undefined once it is published. */
  readonly expiresAt: number | undefined;
  readonly published: StagedFile | undefined;
};

export type DeskParts = {
  readonly parts: PartStore;
  readonly staged: StagedStore;
  readonly limits: UploadLimits;
  readonly now: () => number;
  /** 24 hexadecimal digits. */
  readonly newId: () => string;
  readonly log: Pick<Log, 'info' | 'warn'>;
};

/** An upload that is open in this process. */
export type Live = {
  readonly claim: Claim;
  readonly part: Part;
  readonly follower: Follower;
  active: { readonly cut: () => void; readonly done: Promise<void> } | undefined;
};

export type Desk = DeskParts & {
  readonly lives: Map<string, Live>;
  readonly opening: Map<string, Promise<Live | undefined>>;
};

export type Turn<T> = { readonly cut: () => void; readonly work: (live: Live) => Promise<T> };

/** Does `work` with the upload once nobody else does: a sender that came back is believed, and the connection it had is cut. */
export async function withTurn<T>(desk: Desk, id: string, { cut, work }: Turn<T>): Promise<T | Standing | Refused> {
  const live = await liveOf(desk, id);
  if (live === undefined) return standingOfPublished(desk, id);
  while (live.active !== undefined) {
    live.active.cut();
    await live.active.done;
  }
  // While this waited it may have been finished, or dropped.
  if (desk.lives.get(id) !== live) return withTurn(desk, id, { cut, work });
  const { promise: done, resolve } = Promise.withResolvers<void>();
  live.active = { cut, done };
  try {
    return await work(live);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
    // Another process has removed it.
    await forget(desk, live);
    return gone();
  } finally {
    live.active = undefined;
    resolve();
  }
}

function gone(): Refused {
  return refused('gone', no('there is no such upload: it was ended, or has expired', 'begin it anew'));
}

async function liveOf(desk: Desk, id: string): Promise<Live | undefined> {
  const held = (await desk.parts.list()).find(({ claim }) => claim.id === id);
  const known = desk.lives.get(id);
  if (held === undefined) {
    if (known?.active === undefined && known !== undefined) await forget(desk, known);
    return undefined;
  }
  if (known !== undefined) return known;
  const opening =
    desk.opening.get(id) ??
    openLive(desk, held.claim).finally(() => {
      desk.opening.delete(id);
    });
  desk.opening.set(id, opening);
  return opening;
}

async function openLive(desk: Desk, claim: Claim): Promise<Live | undefined> {
  const part = await desk.parts.open(claim.name);
  if (part === undefined) return undefined;
  const live: Live = {
    claim,
    part,
    follower: openFollower((target, position) => part.readAt(target, position)),
    active: undefined,
  };
  desk.lives.set(claim.id, live);
  // What came before this process is read back while more comes; whoever needs the sums is told of a failure.
  live.follower.reach(part.durableBytes()).catch(() => undefined);
  return live;
}

export async function forget(desk: Desk, live: Live): Promise<void> {
  if (desk.lives.get(live.claim.id) !== live) return;
  desk.lives.delete(live.claim.id);
  await live.part.close();
}

export async function drop(desk: Desk, live: Live): Promise<void> {
  await forget(desk, live);
  await desk.parts.drop(live.claim.name);
}

/** An upload whose last answer was lost is asked for once more: it is told that all is well. */
async function standingOfPublished(desk: Desk, id: string): Promise<Standing | Refused> {
  const published = (await desk.staged.list()).find(({ file }) => file.upload === id)?.file;
  if (published === undefined) return gone();
  const { sizeBytes } = published;
  return { kind: 'standing', offset: sizeBytes, sizeBytes, metadata: '', expiresAt: undefined, published };
}
