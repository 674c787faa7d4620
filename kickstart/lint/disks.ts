// Which disks a kickstart names, and whether its lines agree on them: a line too many wipes somebody's disk.

import type { Call } from './call.ts';
import { listOf, placeOf, valueOf } from './call.ts';
import type { Rule, Whole } from './calls.ts';
import { callsOf, partsOf } from './calls.ts';
import type { Finding } from './finding.ts';
import { senseError, warning } from './finding.ts';

/** Rules about `ignoredisk`, `clearpart`, `part --ondisk` and the boot loader's disk. */
export const disks: Rule = (whole) => {
  const usable = usableDisks(whole);
  return [
    ...usable.findings,
    ...clearing(whole, usable),
    ...partsOf(whole).map((call) => placed(call, usable)),
    ...bootDisks(whole, usable),
    ...unplaced(whole, usable),
  ];
};

type Usable = {
  /** The disks of `ignoredisk --only-use`; empty where it is not said. */
  readonly only: readonly string[];
  /** May the installer touch this disk? Undefined where a pattern leaves it open. */
  readonly allows: (disk: string) => boolean | undefined;
  readonly findings: readonly Finding[];
};

function usableDisks(whole: Whole): Usable {
  const calls = callsOf(whole, 'ignoredisk');
  const last = calls.at(-1);
  const only = last === undefined ? [] : listOf(last, '--only-use').map(diskName);
  const ignored = last === undefined ? [] : listOf(last, '--drives').map(diskName);
  const open = [...only, ...ignored].some(isPattern);
  const [allowed, refused] = [new Set(only), new Set(ignored)];
  const allows = (disk: string): boolean | undefined => {
    if (open || isPattern(disk)) return undefined;
    return allowed.size > 0 ? allowed.has(disk) : !refused.has(disk);
  };
  const findings =
    calls.length > 1 && last !== undefined
      ? [warning(placeOf(last), 'only this ignoredisk counts: another stands above')]
      : [];
  return { only, allows, findings };
}

function clearing(whole: Whole, usable: Usable): readonly (Finding | undefined)[] {
  const call = callsOf(whole, 'clearpart').at(-1);
  if (call === undefined) return [];
  const cleared = listOf(call, '--drives').map(diskName);
  const at = placeOf(call, '--drives');
  const wipes = call.options.has('--all') || call.options.has('--linux');
  if (cleared.length === 0) {
    const everything = wipes && usable.only.length === 0;
    const message = 'this wipes every disk of the machine';
    return [
      everything ? warning(placeOf(call), message, 'name the disks: ignoredisk --only-use= and --drives=') : undefined,
    ];
  }
  const patterns = cleared.some(isPattern);
  const used = partsOf(whole).map((part) => diskName(valueOf(part, '--ondisk') ?? ''));
  const wiped = new Set(cleared);
  const left = [...new Set([...usable.only, ...used])].filter(
    (disk) => disk !== '' && !wiped.has(disk) && usable.allows(disk) !== false,
  );
  return [
    ...cleared
      .filter((disk) => usable.allows(disk) === false)
      .map((disk) => senseError(at, `clearpart wipes ${shown(disk)}, which ignoredisk keeps the installer from`)),
    ...(patterns ? [] : left.filter((disk) => !isPattern(disk))).map((disk) =>
      warning(at, `clearpart leaves ${shown(disk)} as it is: there may be no room on it`, 'name it in --drives='),
    ),
    whole.release.major === 6 && wipes && callsOf(whole, 'zerombr').length === 0
      ? warning(placeOf(call), 'without zerombr the installer stops and asks at a blank disk', 'add zerombr')
      : undefined,
  ];
}

function placed(call: Call, usable: Usable): Finding | undefined {
  const disk = diskName(valueOf(call, '--ondisk') ?? '');
  if (disk === '' || usable.allows(disk) !== false) return undefined;
  return senseError(placeOf(call, '--ondisk'), `${shown(disk)} is not for the installer: ignoredisk says so`);
}

function bootDisks(whole: Whole, usable: Usable): readonly Finding[] {
  return callsOf(whole, 'bootloader').flatMap((call) =>
    ['--boot-drive', '--driveorder'].flatMap((option) =>
      listOf(call, option)
        .map(diskName)
        .filter((disk) => usable.allows(disk) === false)
        .map((disk) =>
          senseError(placeOf(call, option), `${shown(disk)} is not for the installer: ignoredisk says so`),
        ),
    ),
  );
}

/** Partitions that name no disk, where there are several to choose from. */
function unplaced(whole: Whole, usable: Usable): readonly Finding[] {
  const parts = partsOf(whole).filter((call) => !call.options.has('--onpart') && !call.options.has('--onbiosdisk'));
  const loose = parts.filter((call) => !call.options.has('--ondisk'));
  const single = usable.only.length === 1 && !usable.only.some(isPattern);
  const choice = !single && (usable.only.length > 0 || loose.length < parts.length);
  if (!choice) return [];
  return loose.map((call) =>
    warning(placeOf(call), 'this partition names no disk: the installer takes one of several', 'add --ondisk='),
  );
}

/** `sda` of `/dev/sda`: the installer takes both. */
function diskName(text: string): string {
  return text.replace(/^\/dev\//, '');
}

/** Shell patterns, alternatives, and names by label or UUID: which disk that is shows only on the machine. */
function isPattern(disk: string): boolean {
  return /[*?[\]|]/.test(disk) || /^(?:LABEL|UUID)=/.test(disk) || disk.startsWith('disk/');
}

function shown(disk: string): string {
  return JSON.stringify(disk.slice(0, 60));
}
