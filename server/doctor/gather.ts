// Stages as they come in, made into rows to write: whose each is, and which of them go on as one. In memory, bounded; pure.

import type { Stage, StageMachine } from '../stages.ts';
import type { Generations } from '../generations.ts';
import { generations } from '../generations.ts';

/** A row as it will stand on disk. It may still change before it is written, and after. */
export type Row = { key: string; id: number | undefined; at: number; stage: Stage };

/** What is to be done on disk, in its order. */
export type Work =
  | { readonly kind: 'insert'; readonly row: Row }
  /** Rows of `from` since `since` (ms since 1970) are `to`'s. */
  | { readonly kind: 'rekey'; readonly from: string; readonly to: string; readonly since: number };

/** Rows of one machine that may go on: counted content, and files that are being sent. */
type Going = { readonly content: Map<string, Row>; readonly sending: Map<string, Row> };

/** What an address asked in this time before its MAC was learnt was asked by that machine. */
export const sameMachineMs = 10 * 60_000;
/** An address is somebody's while it is heard of at least this often: an installer may be busy with its disks for long. */
const LEARNT_MS = 60 * 60_000;
/** Content after a longer silence is something else: the installed system fetches updates. */
const CONTENT_GAP_MS = 60 * 60_000;
/** More machines than boot at a time; the rows of those forgotten are simply not gone on with. */
const MACHINES_LIMIT = 10_000;
/** More files than a machine fetches at a time. */
const SENDING_LIMIT = 16;
/** In a quarter of a second nobody honest notes as much; more is let go rather than kept in memory. */
const WORK_LIMIT = 20_000;

/** The key of a machine of which only the address is known. */
export function addressKey(address: string): string {
  return `@${address}`;
}

/** Takes stages and gives rows. Times are ms since 1970. */
export function gatherStages() {
  let work: Work[] = [];
  const changed = new Set<Row>();
  const going = generations<Going>(MACHINES_LIMIT);
  const learnt = generations<{ readonly mac: string; readonly at: number }>(MACHINES_LIMIT);

  const rekey = (address: string, mac: string, since: number): void => {
    const from = addressKey(address);
    work.push({ kind: 'rekey', from, to: mac, since });
    const moved = going.get(from);
    going.delete(from);
    if (moved !== undefined && going.get(mac) === undefined) going.set(mac, moved);
  };
  const ownerOf = ({ mac, address }: StageMachine, at: number): string | undefined => {
    if (address === undefined) return mac;
    const known = learnt.get(address);
    const fresh = known !== undefined && at - known.at < LEARNT_MS ? known.mac : undefined;
    const owner = mac ?? fresh;
    if (owner === undefined) return addressKey(address);
    learnt.set(address, { mac: owner, at });
    if (owner !== fresh) rekey(address, owner, at - sameMachineMs);
    return owner;
  };
  return {
    /** Takes note of a stage. Who tells neither MAC nor address is nobody. */
    take: (machine: StageMachine, stage: Stage, at: number): void => {
      if (work.length >= WORK_LIMIT) return;
      const key = ownerOf(machine, at);
      if (key === undefined) return;
      const rows = going.get(key) ?? nothingGoing(going, key);
      const goesOn = continued(rows, stage, at);
      if (goesOn === undefined) work.push({ kind: 'insert', row: begin(rows, { key, id: undefined, at, stage }) });
      else if (goesOn.id !== undefined) changed.add(goesOn);
    },
    rekey,
    /** Is anything to be written? */
    pending: (): boolean => work.length > 0 || changed.size > 0,
    /** What is to be inserted now; it is the caller's from here on. */
    drain: (): readonly Work[] => {
      const drained = work;
      work = [];
      return drained;
    },
    /** The rows on disk that have changed since they were last asked for. */
    drainChanged: (): readonly Row[] => {
      const rows = [...changed];
      changed.clear();
      return rows;
    },
    /** Nothing that was given out may be gone on with: it did not reach the disk. */
    forget: (): void => {
      going.clear();
      changed.clear();
    },
  };
}

function nothingGoing(going: Generations<Going>, key: string): Going {
  const rows: Going = { content: new Map(), sending: new Map() };
  going.set(key, rows);
  return rows;
}

/** The row that `stage` goes on with, brought up to date; undefined where it begins one. */
function continued(rows: Going, stage: Stage, at: number): Row | undefined {
  if (stage.kind === 'file') {
    const begun = rows.sending.get(fileKey(stage));
    if (begun === undefined || stage.outcome === 'sending') return undefined;
    rows.sending.delete(fileKey(stage));
    return Object.assign(begun, { at, stage });
  }
  if (stage.kind !== 'content') return undefined;
  const row = rows.content.get(contentKey(stage));
  if (row === undefined || row.stage.kind !== 'content' || at - row.at > CONTENT_GAP_MS) return undefined;
  const { count, bytes, firstAt, name } = row.stage;
  row.stage = {
    ...stage,
    name: stage.outcome === 'sent' ? stage.name : name,
    count: count + stage.count,
    bytes: bytes + stage.bytes,
    firstAt,
  };
  row.at = at;
  return row;
}

/** Remembers a new row where it may go on. A boot that begins lets all of the one before be. */
function begin(rows: Going, row: Row): Row {
  const { stage } = row;
  if (stage.kind === 'dhcp-asked' || (stage.kind === 'file' && stage.role === 'loader')) rows.content.clear();
  if (stage.kind === 'file' && stage.outcome === 'sending' && rows.sending.size < SENDING_LIMIT)
    rows.sending.set(fileKey(stage), row);
  if (stage.kind === 'content') {
    row.stage = { ...stage, firstAt: row.at };
    rows.content.set(contentKey(stage), row);
  }
  return row;
}

function fileKey({ via, name }: Extract<Stage, { kind: 'file' }>): string {
  return `${via} ${name}`;
}

function contentKey({ what, outcome }: Extract<Stage, { kind: 'content' }>): string {
  return `${what} ${outcome}`;
}
