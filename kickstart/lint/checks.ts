// What the installer's parser demands of one command beyond the table: options that need or exclude each other, by command.

import type { Call } from './call.ts';
import { listOf, placeOf } from './call.ts';
import type { Check } from './demand.ts';
import { exactlyOne, together } from './demand.ts';
import type { Finding } from './finding.ts';
import { syntaxError } from './finding.ts';
import { networkChecks } from './network-checks.ts';
import type { Release } from './release.ts';
import { storageChecks } from './storage-checks.ts';

const CHECKS: ReadonlyMap<string, Check> = new Map<string, Check>([
  ...storageChecks,
  ...networkChecks,
  ['harddrive', harddrive],
  ['url', (call) => [exactlyOne(call, ['--url', '--mirrorlist', '--metalink'])]],
  ['repo', repo],
  ['timesource', (call) => [exactlyOne(call, ['--ntp-server', '--ntp-pool', '--ntp-disable'])]],
  ['timezone', timezone],
  ['services', services],
  ['keyboard', keyboard],
  ['rootpw', rootpw],
  ['driverdisk', driverdisk],
  ['updates', updates],
  ['%packages', packages],
  ['realm', realm],
]);

/** What is wrong with `call` alone, as the parser of `release` sees it. */
export function checkCall(call: Call, release: Release): readonly Finding[] {
  const found = CHECKS.get(call.name)?.(call, release) ?? [];
  return found.filter((finding) => finding !== undefined);
}

function harddrive(call: Call, { major }: Release): readonly (Finding | undefined)[] {
  return [exactlyOne(call, major <= 8 ? ['--partition', '--biospart'] : ['--partition'])];
}

function repo(call: Call, { major }: Release): readonly (Finding | undefined)[] {
  const sources = ['--baseurl', '--mirrorlist', '--metalink'];
  const given = sources.filter((option) => call.options.has(option));
  if (given.length > 1) return [together(call, given)];
  return major === 6 ? [exactlyOne(call, sources.slice(0, 2))] : [];
}

function timezone(call: Call, { major }: Release): readonly (Finding | undefined)[] {
  const none = call.args.length === 0 && (major === 6 || call.options.size === 0);
  return [
    none ? syntaxError(placeOf(call), 'timezone names no zone', 'write one like Europe/Berlin') : undefined,
    together(call, ['--ntpservers', '--nontp']),
  ];
}

function services(call: Call): readonly (Finding | undefined)[] {
  const some = [...listOf(call, '--enabled'), ...listOf(call, '--disabled')].length > 0;
  return [some ? undefined : syntaxError(placeOf(call), 'services needs one of --enabled, --disabled')];
}

function keyboard(call: Call, { major }: Release): readonly (Finding | undefined)[] {
  if (call.args.length > 0) return [];
  const named = listOf(call, '--vckeymap').length > 0 || listOf(call, '--xlayouts').length > 0;
  const remedy = major === 6 ? 'keyboard us' : 'keyboard --vckeymap=us';
  return [major > 6 && named ? undefined : syntaxError(placeOf(call), 'keyboard names no layout', remedy)];
}

function rootpw(call: Call, { major }: Release): readonly (Finding | undefined)[] {
  if (call.args.length > 0 || (major > 6 && call.options.has('--lock'))) return [];
  return [syntaxError(placeOf(call), 'rootpw has no password', 'write rootpw --iscrypted and a crypt hash')];
}

function driverdisk(call: Call): readonly (Finding | undefined)[] {
  const count = call.args.length + ['--source', '--biospart'].filter((option) => call.options.has(option)).length;
  if (count === 1) return [];
  return [syntaxError(placeOf(call), 'driverdisk needs one of a partition, --source and --biospart')];
}

function updates(call: Call, { major }: Release): readonly (Finding | undefined)[] {
  if (major < 9 || call.args.length > 0) return [];
  return [
    syntaxError(placeOf(call), 'updates names no URL', 'floppies are not read any more: write the URL of an image'),
  ];
}

function packages(call: Call): readonly (Finding | undefined)[] {
  return [together(call, ['--default', '--nobase']), together(call, ['--default', '--nocore'])];
}

function realm(call: Call): readonly (Finding | undefined)[] {
  if (call.args[0]?.text === 'join' && call.args.length > 1) return [];
  const remedy = 'write realm join and the name of the realm';
  return [syntaxError(placeOf(call), 'realm knows join alone', remedy)];
}
