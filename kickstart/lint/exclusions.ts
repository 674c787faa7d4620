// Commands that the installer's parser does not take beside each other, and lines that a later one overrules.

import { valueOf, placeOf } from './call.ts';
import type { Rule, Whole } from './calls.ts';
import { callsOf } from './calls.ts';
import type { Finding } from './finding.ts';
import { syntaxError, warning } from './finding.ts';

/** From which release on `first` and any of `others` exclude each other. */
const EXCLUSIONS: readonly { readonly since: number; readonly first: string; readonly others: readonly string[] }[] = [
  { since: 6, first: 'autopart', others: ['part', 'partition', 'raid', 'volgroup', 'logvol'] },
  { since: 7, first: 'autopart', others: ['reqpart'] },
  { since: 8, first: 'autopart', others: ['mount'] },
  { since: 8, first: 'mount', others: ['part', 'partition', 'raid', 'volgroup', 'logvol'] },
  { since: 9, first: 'ostreecontainer', others: ['ostreesetup', 'bootc'] },
  { since: 10, first: 'bootc', others: ['ostreesetup'] },
];

/** Commands that exclude each other. */
export const exclusions: Rule = (whole) =>
  EXCLUSIONS.filter(({ since }) => since <= whole.release.major).flatMap(({ first, others }) => {
    const one = callsOf(whole, first)[0];
    const other = callsOf(whole, ...others)[0];
    if (one === undefined || other === undefined) return [];
    const [earlier, later] = one.line < other.line ? [one, other] : [other, one];
    return [syntaxError(placeOf(later), `${later.name} cannot stand beside ${earlier.name} of line ${earlier.line}`)];
  });

/** Lines about the same network device, and lines whose device is left open. */
export const networkLines: Rule = (whole) => [...sameDevices(whole), ...openDevices(whole)];

function sameDevices(whole: Whole): readonly Finding[] {
  const first = new Map<string, number>();
  return callsOf(whole, 'network').flatMap((call) => {
    const device = valueOf(call, '--device') ?? '';
    const vlan = valueOf(call, '--vlanid') ?? '';
    const key = JSON.stringify([device, vlan]);
    const line = first.get(key);
    if (line === undefined) first.set(key, call.line);
    if (device === '' || line === undefined) return [];
    return [warning(placeOf(call, '--device'), `line ${line} is about this device already`)];
  });
}

function openDevices(whole: Whole): readonly Finding[] {
  const configuring = callsOf(whole, 'network').filter(({ options }) =>
    [...options.keys()].some((name) => name !== '--hostname'),
  );
  return configuring
    .slice(1)
    .filter(({ options }) => !options.has('--device'))
    .map((call) => warning(placeOf(call), 'only the first network line may leave its device open', 'add --device='));
}
