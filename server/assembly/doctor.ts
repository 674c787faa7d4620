// The boot doctor over the open house: what became of a host's last boot, and the stages that show it.

import type { MacAddress } from '../address.ts';
import { transcriptOf } from '../doctor/transcript.ts';
import type { TranscriptLine } from '../doctor/transcript.ts';
import { diagnose } from '../doctor/verdict.ts';
import type { Host } from '../domain.ts';
import type { No } from '../malformed.ts';
import { isNo } from '../malformed.ts';
import type { StageRecord, Verdict } from '../stages.ts';
import type { House } from './house.ts';
import { hostNamed } from './house.ts';

/** As many as are kept of one machine. */
const SHOWN_STAGES = 300;
/**
 * A list tells of hosts heard of lately: a site may have 10,000, and each verdict is made from many stages (about 0.3 ms)
 * while boots wait.
 */
const LATELY_MS = 24 * 60 * 60_000;
const LATELY_HOSTS = 50;
const LATELY_STAGES = 120;

/** What the boot doctor says of the host, and the stages it says it from, oldest first. */
export type Diagnosis = { readonly verdict: Verdict; readonly transcript: readonly TranscriptLine[] };

/** What a host's stages are kept under: its MACs, and its address for what was asked before the MAC was known. */
function machinesOf({ macs, address }: Host): readonly string[] {
  return [...macs, address];
}

/** The verdict on the host called `name`. */
export function verdictFor(house: House, name: string): ({ readonly kind: 'diagnosis' } & Diagnosis) | No {
  const found = hostNamed(house.site(), name);
  if (isNo(found)) return found;
  return { kind: 'diagnosis', ...diagnosisOf(house, found.host) };
}

/** What was seen of a host, oldest first. */
export function recordsOf(house: House, host: Host): readonly StageRecord[] {
  return house.stages.read(machinesOf(host), SHOWN_STAGES);
}

/** The verdict on a host of the site, from what was seen of it. */
export function diagnosisOf(house: House, host: Host, records = recordsOf(house, host)): Diagnosis {
  return { verdict: verdictOn(house, host, records), transcript: transcriptOf(records) };
}

/** What became of its last boot. */
export function verdictOn(house: House, host: Host, records: readonly StageRecord[]): Verdict {
  const now = house.now();
  const boot = { ...house.site().boot, ...host.boot };
  const state = house.hosts.state(host.name, now);
  return diagnose({ records, host: { name: host.name, state, boot }, now, dhcpMode: house.settings.dhcp });
}

/** The verdict on a machine that is in no site, known by its MAC. */
export function strangerDiagnosis(house: House, mac: MacAddress): Diagnosis {
  const records = house.stages.read([mac], SHOWN_STAGES);
  const verdict = diagnose({ records, host: undefined, now: house.now(), dhcpMode: house.settings.dhcp });
  return { verdict, transcript: transcriptOf(records) };
}

/** Verdicts by host name, of the hosts heard of within a day: the newest of them where there are many. */
export function recentVerdicts(house: House): ReadonlyMap<string, Verdict> {
  const heardOf = new Set(house.stages.heardOf(house.now() - LATELY_MS, LATELY_HOSTS));
  const hosts = house.site().hosts.filter((host) => machinesOf(host).some((machine) => heardOf.has(machine)));
  return new Map(
    hosts.map((host) => [host.name, verdictOn(house, host, house.stages.read(machinesOf(host), LATELY_STAGES))]),
  );
}
