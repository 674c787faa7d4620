// How far one boot of an installer came, read from its stages: which phase it reached, and when each began. Pure.

import type { Seen } from '../seen.ts';
import { isWhole, seenOf } from '../seen.ts';
import type { Stage, StageRecord } from '../stages.ts';

/**
 * The phases of an install, in their order. `installing`: all packages were fetched before, and are now installed in silence;
 * installers that fetch each package when they install it have no such phase.
 */
export const progressPhases = [
  'loading',
  'starting',
  'preparing',
  'packages',
  'installing',
  'configuring',
  'rebooting',
] as const;
export type ProgressPhase = (typeof progressPhases)[number];

/**
 * When an installer fetches its packages: each just before it is installed (anaconda up to RHEL 7, XenServer 6), or all of
 * them first (dnf since RHEL 8, yum in XenServer 7 and later).
 */
export type FetchStyle = 'one by one' | 'all first';

/** What of an install decides how its stages are to be read. */
export type MarkFacts = {
  /** Was it given its instructions? Nothing it fetches before that is part of an install. */
  readonly given: boolean;
  readonly style: FetchStyle;
  /** Does it report what it does between its beginning and its end, as kickstarts from here do? */
  readonly reports: boolean;
  /** How many packages it will fetch, where that is known. */
  readonly packages: number | undefined;
};

/** The marks of one boot. Times are ms since 1970. */
export type Marks = {
  /** The furthest phase it reached for certain. */
  readonly phase: ProgressPhase;
  /** When each phase that it reached began. Those it passed over are absent. */
  readonly begun: Readonly<Partial<Record<ProgressPhase, number>>>;
  readonly packages: { readonly done: number; readonly bytes: number; readonly lastAt: number };
  readonly metadata: boolean;
  readonly stage2: boolean;
  readonly kernel: boolean;
  /** The steps of %post begun so far, by their names, and how many of them have ended. */
  readonly steps: readonly string[];
  readonly stepsDone: number;
  readonly lastSeen: { readonly at: number; readonly what: string };
};

type Of = <K extends Stage['kind']>(kind: K) => readonly Seen<K>[];

/** The marks of the boot that `records` (oldest first) show, and that began at `startedAt`. */
export function marksOf(records: readonly StageRecord[], startedAt: number, facts: MarkFacts): Marks {
  const of: Of = (kind) => seenOf(records, kind);
  const content = of('content').filter(({ outcome }) => outcome === 'sent');
  const packages = packagesOf(content);
  const reports = of('report');
  // A step is reported when it begins, and with .done when it has ended.
  const told = reports.flatMap(({ stage }) => (stage.startsWith('post.') ? [stage.slice('post.'.length)] : []));
  const [ended, steps] = [told.filter((one) => one.endsWith('.done')), told.filter((one) => !one.endsWith('.done'))];
  const begun = beginnings({ of, content, reports, startedAt }, facts);
  return {
    phase: progressPhases.findLast((phase) => begun[phase] !== undefined) ?? 'loading',
    begun,
    packages,
    metadata: content.some(({ what }) => what === 'metadata'),
    stage2: content.some(({ what }) => what === 'stage2'),
    kernel: of('file').some((file) => file.role === 'kernel' && isWhole(file)),
    steps: [...new Set(steps)],
    stepsDone: new Set(ended).size,
    lastSeen: lastSeen(records, startedAt),
  };
}

type Told = {
  readonly of: Of;
  readonly content: readonly Seen<'content'>[];
  readonly reports: readonly Seen<'report'>[];
  readonly startedAt: number;
};

function beginnings({ of, content, reports, startedAt }: Told, facts: MarkFacts): Marks['begun'] {
  const givenAt = earliest(of('instructions').flatMap(({ outcome, at }) => (outcome === 'given' ? [at] : [])));
  const initrdAt = earliest(of('file').flatMap((file) => (file.role === 'initrd' && isWhole(file) ? [file.at] : [])));
  const first = (what: Seen<'content'>['what']): number | undefined =>
    earliest(content.flatMap((one) => (one.what === what ? [one.firstAt ?? one.at] : [])));
  const reported = (test: (stage: string) => boolean): number | undefined =>
    earliest(reports.flatMap(({ stage, at }) => (test(stage) ? [at] : [])));
  const started = {
    loading: startedAt,
    starting: earliest([initrdAt, givenAt, ...content.map(({ firstAt, at }) => firstAt ?? at)]),
  };
  if (!facts.given) return present(started);
  const notBefore = (at: number | undefined): number | undefined =>
    at === undefined ? undefined : Math.max(at, givenAt ?? at);
  const packages = packagesOf(content);
  const isFetched = packages.done > 0 && facts.packages !== undefined && packages.done >= facts.packages;
  const prepared = [first('metadata'), first('package'), reported(() => true), facts.reports ? undefined : givenAt];
  return present({
    ...started,
    starting: started.starting ?? startedAt,
    preparing: notBefore(earliest(prepared)),
    packages: notBefore(first('package')),
    installing: isFetched && facts.style === 'all first' ? packages.lastAt : undefined,
    configuring: reported((stage) => stage === 'post' || stage === 'populated' || stage.startsWith('post.')),
    rebooting: reported((stage) => stage === 'installed'),
  });
}

/** Kept as one row, and as another one from where the appliance was started again. */
function packagesOf(content: readonly Seen<'content'>[]): Marks['packages'] {
  const rows = content.filter(({ what }) => what === 'package');
  return {
    done: rows.reduce((sum, { count }) => sum + count, 0),
    bytes: rows.reduce((sum, { bytes }) => sum + bytes, 0),
    lastAt: Math.max(0, ...rows.map(({ at }) => at)),
  };
}

function earliest(times: readonly (number | undefined)[]): number | undefined {
  const known = times.filter((at) => at !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}

/** Without those that have not begun. */
function present(begun: { readonly [phase in ProgressPhase]?: number | undefined }): Marks['begun'] {
  return Object.fromEntries(Object.entries(begun).filter(([, at]) => at !== undefined));
}

function lastSeen(records: readonly StageRecord[], startedAt: number): Marks['lastSeen'] {
  let last: StageRecord | undefined;
  for (const record of records) {
    if (record.stage.kind === 'dhcp-answered' || record.stage.kind === 'dhcp-foreign') continue;
    if (last === undefined || record.at >= last.at) last = record;
  }
  return last === undefined ? { at: startedAt, what: 'nothing' } : { at: last.at, what: seenWords(last.stage) };
}

function seenWords(stage: Stage): string {
  switch (stage.kind) {
    case 'dhcp-asked':
    case 'dhcp-answered':
    case 'dhcp-foreign':
      return 'DHCP';
    case 'file':
      return `${stage.role} ${lastPart(stage.name)}`;
    case 'script':
      return `${stage.loader} script`;
    case 'instructions':
      return stage.what;
    case 'content':
      return `${stage.what} ${lastPart(stage.name)}`;
    case 'report':
      return `report ${stage.stage}`;
  }
}

function lastPart(name: string): string {
  return (name.split(/[\\/]/).at(-1) ?? '').slice(0, 80);
}

/** How long each phase lasted that has ended, in ms; the last one ended at `endedAt`. Never less than 0. */
export function phaseLengths(begun: Marks['begun'], endedAt: number): Readonly<Partial<Record<ProgressPhase, number>>> {
  const reached = progressPhases.filter((phase) => begun[phase] !== undefined && phase !== 'rebooting');
  return Object.fromEntries(
    reached.map((phase, index) => {
      const next = reached[index + 1];
      const end = next === undefined ? endedAt : (begun[next] ?? endedAt);
      return [phase, Math.max(0, end - (begun[phase] ?? end))];
    }),
  );
}
