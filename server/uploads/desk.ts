// Uploads from their first byte to their name: one sender at a time for each, resumed where they are sure, published whole. Running.

import { messageOf, no } from '../malformed.ts';
import { sizeText } from '../size-text.ts';
import type { Piece } from './append.ts';
import { appendTo, standingOf } from './append.ts';
import { refuseForSpace } from './limits.ts';
import type { Desk, DeskParts, Standing } from './lives.ts';
import { drop, forget, withTurn } from './lives.ts';
import { refuseName } from './name.ts';
import type { Held } from './parts/store.ts';
import type { Claim } from './record.ts';
import type { Refused } from './refusal.ts';
import { refused } from './refusal.ts';

/** What a sender says of a file before it sends it. */
export type Announced = Omit<Claim, 'id' | 'createdAt'>;

export type UploadDesk = {
  /** Begins an upload; its name is taken from then on. */
  begin(announced: Announced): Promise<Claim | Refused>;
  /** Where it stands. Whoever asks has stopped sending: what still seems to be coming is cut off. */
  standing(id: string): Promise<Standing | Refused>;
  /** Takes bytes of it; with the last of them it is published. */
  append(id: string, piece: Piece): Promise<Standing | Refused>;
  /** Takes a whole file in one request; nothing is left of it where that fails. */
  whole(announced: Announced, piece: Pick<Piece, 'source' | 'cut'>): Promise<Standing | Refused>;
  /** Ends it and removes its bytes. */
  end(id: string): Promise<'ended' | Refused>;
  list(): Promise<readonly Held[]>;
  /** Drops what has expired, and what processes left that ended too early: at the `start`, whatever cannot be resumed. */
  sweep(when: 'start' | 'running'): Promise<void>;
  /** Cuts off what can be resumed, and makes sure what came of it; waits for the rest. */
  close(): Promise<void>;
};

/** A claim without a readable record is another process's that has just begun, for so long. */
const BROKEN_MS = 3_600_000;

/** Opens the desk over what lies on disk. */
export function openDesk(parts: DeskParts): UploadDesk {
  const desk: Desk = { ...parts, lives: new Map(), opening: new Map() };
  let last: Promise<unknown> = Promise.resolve();
  /** One after the other: each is to see what the one before it took. */
  const begin = (announced: Announced): Promise<Claim | Refused> => {
    const mine = last.then(() => beginOne(desk, announced));
    last = mine.catch(() => undefined);
    return mine;
  };
  const append = (id: string, piece: Piece): Promise<Standing | Refused> =>
    withTurn(desk, id, { cut: piece.cut, work: (live) => appendTo(desk, live, piece) });
  return {
    begin,
    append,
    standing: (id) =>
      withTurn(desk, id, {
        cut: () => undefined,
        work: async (live) => {
          // Its sender was heard of: what is promised of its end counts from now.
          await live.part.settle(live.part.durableBytes());
          return standingOf(desk, live);
        },
      }),
    whole: async (announced, piece) => {
      const claim = await begin(announced);
      if (!('id' in claim)) return claim;
      return wholeOf(desk, claim, () => append(claim.id, { ...piece, offset: 0, checksum: undefined }));
    },
    end: async (id) => {
      const ended = await withTurn(desk, id, {
        cut: () => undefined,
        work: async (live) => {
          await drop(desk, live);
          return 'ended' as const;
        },
      });
      if (typeof ended === 'string' || ended.kind === 'refused') return ended;
      return refused('gone', no('the upload is finished', 'remove the file itself'));
    },
    list: () => desk.parts.list(),
    sweep: (when) => sweep(desk, when),
    close: async () => {
      for (const live of desk.lives.values()) {
        if (live.claim.how === 'resumable') live.active?.cut();
        await live.active?.done;
        await forget(desk, live);
      }
    },
  };
}

async function beginOne(desk: Desk, announced: Announced): Promise<Claim | Refused> {
  const { limits } = desk;
  const { name, sizeBytes } = announced;
  const badName = refuseName(name);
  if (badName !== undefined) return refused('wrong', badName);
  if (sizeBytes < 1) return refused('wrong', no('an empty file is no template'));
  if (sizeBytes > limits.fileBytes)
    return refused(
      'too-large',
      no(`${sizeText(sizeBytes)} are too many: a file may have ${sizeText(limits.fileBytes)}`),
    );
  const held = await desk.parts.list();
  if (held.length >= limits.unfinished)
    return refused('busy', no(`${held.length} uploads are unfinished`, 'finish one, or end one'));
  const freeBytes = await desk.parts.freeBytes();
  const promisedBytes = held.reduce((sum, one) => sum + one.claim.sizeBytes - one.offset, 0);
  const full = refuseForSpace({ sizeBytes, freeBytes, promisedBytes }, limits);
  if (full !== undefined) return refused('no-room', full);
  const claim: Claim = { ...announced, id: desk.newId(), createdAt: desk.now() };
  if ((await desk.parts.claim(claim)) === 'taken') return refusedAsTaken(name, held);
  // Asked once the name is held: who published it before has let go of it only then.
  if (!(await desk.staged.isTaken(name))) return claim;
  await desk.parts.drop(name);
  return refused(
    'taken',
    no(
      `there is a file ${name} already`,
      'remove it first, or choose another name: what was registered under it stays as it is',
    ),
  );
}

function refusedAsTaken(name: string, held: readonly Held[]): Refused {
  const other = held.find(({ claim }) => claim.name === name)?.claim;
  const who = other === undefined ? '' : ` by ${other.by}`;
  return refused(
    'taken',
    no(`${name} is being uploaded already${who}`, `let it finish, or drop it: kickstand template remove ${name}`),
  );
}

async function wholeOf(desk: Desk, claim: Claim, send: () => Promise<Standing | Refused>): Promise<Standing | Refused> {
  let done: Standing | Refused | undefined;
  try {
    done = await send();
  } finally {
    if (done === undefined || done.kind === 'refused' || done.published === undefined) {
      const live = desk.lives.get(claim.id);
      if (live !== undefined) await drop(desk, live);
      else await dropOwn(desk, claim);
    }
  }
  if (done.kind === 'refused' || done.published !== undefined) return done;
  return refused('cut', no(`only ${done.offset} of ${done.sizeBytes} bytes came`, 'send it anew, or resumably'));
}

/** The name may be another upload's by now. */
async function dropOwn(desk: Desk, { id, name }: Claim): Promise<void> {
  if ((await desk.parts.list()).some(({ claim }) => claim.id === id)) await desk.parts.drop(name);
}

async function sweep(desk: Desk, when: 'start' | 'running'): Promise<void> {
  const expired = desk.now() - desk.limits.expireMs;
  for (const { claim, heardAt } of await desk.parts.list()) {
    const live = desk.lives.get(claim.id);
    const isLost = when === 'start' && claim.how === 'whole';
    if (live?.active !== undefined || (heardAt >= expired && !isLost)) continue;
    try {
      if (live !== undefined) await forget(desk, live);
      await desk.parts.drop(claim.name);
      desk.log.info('unfinished upload dropped', { file: claim.name, by: claim.by });
    } catch (error) {
      desk.log.warn('unfinished upload could not be dropped', { file: claim.name, error: messageOf(error) });
    }
  }
  await desk.parts.dropBroken(desk.now() - BROKEN_MS);
  await desk.staged.sweep();
}
