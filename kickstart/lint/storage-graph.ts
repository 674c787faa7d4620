// How partitions, RAIDs, volume groups and volumes fit together: what is named and not there, used twice, or used by nobody.

import { printable } from '../../server/printable.ts';
import type { Call } from './call.ts';
import { placeOf, valueOf } from './call.ts';
import type { Rule, Whole } from './calls.ts';
import { callsOf, partsOf, undefinedName } from './calls.ts';
import type { Finding } from './finding.ts';
import { senseError, warning } from './finding.ts';

/** Rules about raid.NN, pv.NN, btrfs.NN, volume groups and mount points. */
export const storageGraph: Rule = (whole) => [
  ...members(whole),
  ...unused(whole),
  ...volumes(whole),
  ...mountPoints(whole),
  ...twice(
    callsOf(whole, 'raid').filter((call) => call.options.has('--device')),
    (call) => `RAID device ${valueOf(call, '--device') ?? ''}`,
  ),
  ...twice(callsOf(whole, 'volgroup'), (call) => `volume group ${call.args[0]?.text ?? ''}`),
  ...twice(
    callsOf(whole, 'logvol'),
    (call) => `volume ${valueOf(call, '--name') ?? ''} of ${valueOf(call, '--vgname') ?? ''}`,
  ),
];

const MEMBER = /^(?:raid|pv|btrfs)\./;

/** What can be a member: partitions and RAIDs by the name they have instead of a mount point. */
function definedMembers(whole: Whole): ReadonlySet<string> {
  const makers = [...partsOf(whole), ...callsOf(whole, 'raid', 'logvol')];
  return new Set(makers.map((call) => call.args[0]?.text ?? '').filter((name) => MEMBER.test(name)));
}

function members(whole: Whole): readonly Finding[] {
  const defined = definedMembers(whole);
  const users = new Map<string, Call>();
  return callsOf(whole, 'raid', 'volgroup', 'btrfs').flatMap((call) =>
    call.args.slice(1).flatMap(({ text, column }) => {
      const at = { line: call.line, column };
      const name = printable(text, 40);
      const earlier = users.get(text);
      users.set(text, call);
      if (earlier !== undefined) return [senseError(at, `${name} is used already in line ${earlier.line}`)];
      if (defined.has(text)) return [];
      // A subvolume's parent, or a device by label, is no member.
      if (!MEMBER.test(text) && call.name === 'btrfs') return [];
      return [undefinedName(whole, at, `${name} is defined by no part line`)];
    }),
  );
}

function unused(whole: Whole): readonly Finding[] {
  const used = new Set(
    callsOf(whole, 'raid', 'volgroup', 'btrfs').flatMap(({ args }) => args.slice(1).map(({ text }) => text)),
  );
  const user: Readonly<Record<string, string>> = { raid: 'raid', pv: 'volgroup', btrfs: 'btrfs' };
  return [...partsOf(whole), ...callsOf(whole, 'raid')].flatMap((call) => {
    const name = call.args[0]?.text ?? '';
    if (!MEMBER.test(name) || used.has(name)) return [];
    const command = user[name.slice(0, name.indexOf('.'))] ?? 'other';
    return [warning(placeOf(call), `${printable(name, 40)} is used by no ${command} line`)];
  });
}

function volumes(whole: Whole): readonly Finding[] {
  const groups = new Set(callsOf(whole, 'volgroup').map(({ args }) => args[0]?.text ?? ''));
  const volumes = callsOf(whole, 'logvol');
  const wanted = new Set(volumes.map((call) => valueOf(call, '--vgname')));
  const pools = new Set(
    volumes
      .filter((call) => call.options.has('--thinpool'))
      .map((call) => `${valueOf(call, '--vgname')}/${valueOf(call, '--name')}`),
  );
  return [
    ...volumes.flatMap((call) => volumeFaults(whole, call, { groups, pools })),
    ...callsOf(whole, 'volgroup')
      .filter(({ args, options }) => !options.has('--useexisting') && !wanted.has(args[0]?.text))
      .map((call) =>
        warning(placeOf(call), `no logvol is in the volume group ${printable(call.args[0]?.text ?? '', 40)}`),
      ),
  ];
}

function volumeFaults(
  whole: Whole,
  call: Call,
  { groups, pools }: { readonly groups: ReadonlySet<string>; readonly pools: ReadonlySet<string> },
): readonly Finding[] {
  if (call.options.has('--useexisting') || call.options.has('--noformat')) return [];
  const group = valueOf(call, '--vgname') ?? '';
  const pool = valueOf(call, '--poolname');
  const found: Finding[] = [];
  if (!groups.has(group)) {
    found.push(undefinedName(whole, placeOf(call, '--vgname'), `no volgroup makes ${printable(group, 40)}`));
  }
  if (pool !== undefined && !pools.has(`${group}/${pool}`)) {
    found.push(undefinedName(whole, placeOf(call, '--poolname'), `no logvol --thinpool makes ${printable(pool, 40)}`));
  }
  if (!['--size', '--percent', '--recommended', '--hibernation'].some((option) => call.options.has(option))) {
    found.push(senseError(placeOf(call), 'this logvol has no size', 'add --size=, with --grow for the rest'));
  }
  return found;
}

function mountPoints(whole: Whole): readonly Finding[] {
  const makers = [...partsOf(whole), ...callsOf(whole, 'raid', 'logvol', 'btrfs')];
  const mounted = makers.filter((call) => call.args[0]?.text.startsWith('/') === true);
  const odd = makers.filter(
    ({ args }) =>
      !/^(?:\/|raid\.|pv\.|btrfs\.|swap|none$|biosboot$|prepboot$|appleboot$)/.test(args[0]?.text ?? 'none'),
  );
  const first = makers[0];
  const elsewhere = callsOf(whole, 'autopart', 'mount').length > 0;
  const rootless = !elsewhere && !mounted.some(({ args }) => args[0]?.text === '/') ? first : undefined;
  return [
    ...twice(mounted, ({ args }) => `mount point ${args[0]?.text ?? ''}`),
    ...odd.map((call) => warning(placeOf(call), `${printable(call.args[0]?.text ?? '', 40)} is no mount point`)),
    ...(rootless === undefined
      ? []
      : [undefinedName(whole, placeOf(rootless), 'no line makes a root file system (/)')]),
  ];
}

/** Calls that make the same thing as an earlier one. */
function twice(calls: readonly Call[], titleOf: (call: Call) => string): readonly Finding[] {
  const first = new Map<string, number>();
  return calls.flatMap((call) => {
    const title = titleOf(call);
    const line = first.get(title);
    if (line === undefined) first.set(title, call.line);
    return line === undefined
      ? []
      : [senseError(placeOf(call), `${printable(title, 80)} is made already in line ${line}`)];
  });
}
