// How far the installs that run are, over the open house: of hosts that boot or install, and of no others.

import { cutBoots } from '../doctor/boots.ts';
import type { Boot } from '../doctor/boots.ts';
import type { Arming, Host, HostState, Os } from '../domain.ts';
import type { FetchStyle } from '../hosts/progress-marks.ts';
import type { Expected } from '../hosts/progress-expected.ts';
import { nothingExpected } from '../hosts/progress-expected.ts';
import type { Progress } from '../hosts/progress.ts';
import { progressOf } from '../hosts/progress.ts';
import type { Given } from '../hosts/receipts/shape.ts';
import { Malformed } from '../malformed.ts';
import { parseOs } from '../os.ts';
import type { StageRecord } from '../stages.ts';
import { recordsOf } from './doctor.ts';
import type { House } from './house.ts';

/** Each is made from many stages (some 0.3 ms) while boots wait: of more installs than these a list shows the newest. */
const LISTED = 300;

type Seen = { readonly host: Host; readonly state: HostState; readonly records: readonly StageRecord[] };

/** How far `host`'s install is, by the `records` of it; undefined where none runs, or nothing was seen of it yet. */
export function progressFor(house: House, { host, state, records: seen }: Seen): Progress | undefined {
  const { arming } = state;
  if (arming === undefined || !isUnderWay(state)) return undefined;
  const boot = cutBoots(seen).at(-1);
  if (boot === undefined) return undefined;
  const { records, startedAt } = boot;
  const expected = expectedOf(house, host.name, arming);
  return progressOf({ records, startedAt, given: state.phase === 'installing', expected }, house.now());
}

/** Those of `hosts` whose install runs and whose progress a list tells: the newest, where they are very many. */
export function listedInstalls<T extends { readonly state: HostState }>(hosts: readonly T[]): readonly T[] {
  const running = hosts.filter(({ state }) => isUnderWay(state));
  if (running.length <= LISTED) return running;
  return running.toSorted((one, other) => other.state.changedAt - one.state.changedAt).slice(0, LISTED);
}

function isUnderWay({ phase }: HostState): boolean {
  return phase === 'booting' || phase === 'installing';
}

/** The boot of a host that was under way at `at` (ms since 1970), or else the first after it: it may have been started again since. */
export function bootAt(house: House, host: Host, at: number): Boot | undefined {
  const boots = cutBoots(recordsOf(house, host));
  return boots.findLast(({ startedAt }) => startedAt <= at) ?? boots[0];
}

/** What is known of the install of this arming: nothing before its instructions were given. */
export function expectedOf(house: House, host: string, arming: Arming): Expected {
  const given = house.receipts.givenTo(host);
  return given === undefined || given.armedAt !== arming.armedAt ? nothingExpected : expectedBy(house, given);
}

/** What came to be known after the instructions were given counts for the next install: a percent must not go back. */
function expectedBy(house: House, given: Given): Expected {
  const { packages, phases } = house.receipts.known(given, given.at);
  const steps = given.steps === 0 ? undefined : given.steps;
  return { style: styleOf(given.os), reports: given.what === 'kickstart', packages, steps, lengths: phases };
}

/** By what its installer is: see `FetchStyle`. */
function styleOf(os: string): FetchStyle {
  const { family, major } = readOs(os);
  if (family === 'fedora' || family === 'xcp-ng') return 'all first';
  const last = family === 'xenserver' ? 6 : 7;
  return major <= last ? 'one by one' : 'all first';
}

function readOs(text: string): Pick<Os, 'family' | 'major'> {
  try {
    return parseOs(text);
  } catch (error) {
    // Another version of this program wrote it.
    if (error instanceof Malformed) return { family: 'rhel', major: 9 };
    throw error;
  }
}
