// A machine's stages cut into boots, and how far each came. Pure.

import type { Seen } from '../seen.ts';
import { isWhole, seenOf } from '../seen.ts';
import type { FileRole, Stage, StageRecord } from '../stages.ts';

/** How far a boot came, in the order things happen. `loader`: it asked for its first file. */
export const reach = {
  dhcp: 0,
  loader: 1,
  chain: 2,
  script: 3,
  kernel: 4,
  instructions: 5,
  content: 6,
  report: 7,
} as const;

/** One boot of a machine. Times are ms since 1970. `ended`: another boot began after it, so nothing more is to come. */
export type Boot = {
  readonly records: readonly StageRecord[];
  readonly ended: boolean;
  readonly startedAt: number;
  /** The last sign of it: a lease renewed by a running system is none. */
  readonly lastAt: number;
  readonly reached: number;
};

/** A firmware repeats DISCOVER after 4, 8, 16 and 32 seconds (PXE 2.1 §2.2.4): after a longer silence it was started again. */
const FIRMWARE_GAP_MS = 90_000;
/** A script that asks over DHCP does so at once; a machine takes longer to start again. */
const SCRIPT_GAP_MS = 15_000;
/** Nobody reads a menu for longer. */
const LOADER_GAP_MS = 30 * 60_000;

const FILE_REACH: Readonly<Record<FileRole, number>> = {
  loader: reach.loader,
  probe: reach.loader,
  'own-disk': reach.dhcp,
  unknown: reach.loader,
  'second-loader': reach.chain,
  module: reach.chain,
  config: reach.script,
  kernel: reach.kernel,
  initrd: reach.kernel,
  xen: reach.kernel,
};

type Cut = { records: StageRecord[]; reached: number; lastAt: number; readonly startedAt: number };

/** The boots that `records` (oldest first) show, oldest first. */
export function cutBoots(records: readonly StageRecord[]): readonly Boot[] {
  const boots: Cut[] = [];
  for (const record of records) {
    const current = boots.at(-1);
    if (current === undefined || begins(record, current)) {
      boots.push({ records: [record], reached: reachOf(record.stage), lastAt: record.at, startedAt: startOf(record) });
      continue;
    }
    // A transfer that a reset cut off is given up only when the next boot is under way.
    const isLate = record.stage.kind === 'file' && startOf(record) < current.startedAt;
    const before = isLate ? boots.at(-2) : undefined;
    add(record, before ?? current);
  }
  return boots.map((boot, index) => ({ ...boot, ended: index < boots.length - 1 }));
}

function add(record: StageRecord, to: Cut): void {
  to.records.push(record);
  to.reached = Math.max(to.reached, reachOf(record.stage));
  if (isSign(record.stage)) to.lastAt = Math.max(to.lastAt, record.at);
}

/** When a stage began: a file is written down when it ends. */
function startOf({ at, stage }: StageRecord): number {
  if (stage.kind === 'file') return at - stage.durationMs;
  return stage.kind === 'content' ? (stage.firstAt ?? at) : at;
}

function reachOf(stage: Stage): number {
  // A configuration that was not found shows that a loader runs, and no more: iPXE tries autoexec.ipxe before anything else.
  if (stage.kind === 'file' && stage.role === 'config' && stage.outcome === 'not-found') return reach.chain;
  if (stage.kind === 'file') return FILE_REACH[stage.role];
  if (stage.kind === 'script') return reach.script;
  if (stage.kind === 'instructions' || stage.kind === 'content' || stage.kind === 'report') return reach[stage.kind];
  return reach.dhcp;
}

function isSign(stage: Stage): boolean {
  return stage.kind !== 'dhcp-answered' && stage.kind !== 'dhcp-foreign';
}

/** Does `record` begin another boot than the one before it, which came as far as `reached`? */
function begins(record: StageRecord, before: Cut): boolean {
  const { stage } = record;
  const silenceMs = startOf(record) - before.lastAt;
  switch (stage.kind) {
    case 'dhcp-asked':
      return beginsByAsking(stage, before, silenceMs);
    case 'file':
      if (stage.role !== 'loader' || before.reached < reach.loader) return silenceMs > LOADER_GAP_MS;
      return before.reached >= reach.script || silenceMs > FIRMWARE_GAP_MS;
    case 'script':
      return before.reached >= reach.kernel || silenceMs > LOADER_GAP_MS;
    case 'dhcp-answered':
    case 'dhcp-foreign':
    case 'instructions':
    case 'content':
    case 'report':
      return false;
  }
}

type Asked = Extract<Stage, { kind: 'dhcp-asked' }>;

function beginsByAsking(asked: Asked, before: Cut, silenceMs: number): boolean {
  // iPXE asks anew when it was started, and where its script says so.
  if (before.reached >= (asked.firmware.isIpxe ? reach.kernel : reach.loader)) return true;
  const left = leftTo(before, asked);
  if (left === 'own disk') return true;
  const isByScript = left === 'another server' || before.reached >= reach.script;
  return silenceMs > (isByScript ? SCRIPT_GAP_MS : FIRMWARE_GAP_MS);
}

/**
 * Who goes on with a boot for which nothing was to be done here, when `asked` comes. On its own disk it has ended; another DHCP
 * server may have had a script for it. Undefined while it still asks: firmware that is offered no file repeats DISCOVER and
 * sends no REQUEST, and may have found an iPXE elsewhere that asks in its place.
 */
function leftTo({ records, reached }: Cut, asked: Asked): 'own disk' | 'another server' | undefined {
  const before = newest(records, 'dhcp-asked');
  if (asked.type !== 'discover' || before?.firmware.isIpxe !== asked.firmware.isIpxe) return undefined;
  if (reached === reach.script) return newest(records, 'script')?.told === 'local' ? 'own disk' : undefined;
  const answer = newest(records, 'dhcp-answered');
  if (reached !== reach.dhcp || before.type !== 'request' || answer?.file !== undefined) return undefined;
  if (answer?.mode === 'server') return answer.address === undefined ? undefined : 'own disk';
  return 'another server';
}

function newest<K extends Stage['kind']>(records: readonly StageRecord[], kind: K): Seen<K> | undefined {
  return seenOf(records, kind).at(-1);
}

/** The stages of one kind, oldest first. */
export function stagesOf<K extends Stage['kind']>(boot: Boot, kind: K): readonly Seen<K>[] {
  return seenOf(boot.records, kind);
}

/** The files asked for in these roles, oldest first. */
export function filesOf(boot: Boot, ...roles: readonly FileRole[]): readonly Seen<'file'>[] {
  return stagesOf(boot, 'file').filter((file) => roles.includes(file.role));
}

/** The last file of these roles that was sent whole. */
export function wholeFile(boot: Boot, ...roles: readonly FileRole[]): Seen<'file'> | undefined {
  return filesOf(boot, ...roles).findLast(isWhole);
}

/** Was the transfer cut short? TFTP clients close early to look at a file's head; over HTTP that is an end before time. */
export function isBroken({ via, outcome, bytes, sizeBytes }: Seen<'file'>): boolean {
  return (
    outcome === 'timed-out' || outcome === 'failed' || (via === 'http' && outcome === 'closed' && bytes < sizeBytes)
  );
}

/** Is it not to be had at all? */
export function isMissing({ outcome }: Seen<'file'>): boolean {
  return outcome === 'not-found' || outcome === 'refused';
}

/** The last file of these roles of which `lacks` is true, and which was not had whole later, from wherever. */
export function lackingFile(
  boot: Boot,
  roles: readonly FileRole[],
  lacks: (file: Seen<'file'>) => boolean,
): Seen<'file'> | undefined {
  const files = filesOf(boot, ...roles);
  return files.findLast(
    (file) =>
      lacks(file) &&
      !files.some((later) => isWhole(later) && later.at >= file.at && baseName(later.name) === baseName(file.name)),
  );
}

/** What stands behind the last slash or backslash, in lower case: loaders differ in the directory they believe to be in. */
export function baseName(name: string): string {
  return (name.split(/[\\/]/).at(-1) ?? '').toLowerCase();
}
