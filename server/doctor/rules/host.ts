// What the host's own state says, whatever its last boot looks like: failed, stopped, installed, armed and silent. Pure.

import type { HostState } from '../../domain.ts';
import type { Boot } from '../boots.ts';
import { reach, stagesOf } from '../boots.ts';
import type { Spoken, View } from '../rule.ts';
import { fine, hostName, likely, patienceMs, seen, silenceMs, waiting } from '../rule.ts';
import { countWords, lengthWords, timeWords, timesWords } from '../words.ts';
import { packagesIn } from './install.ts';

/** A view of the last boot, with those before it (newest last) and what the rules of boots say of each. */
export type HostView = View & { readonly earlier: readonly Boot[]; readonly judge: (boot: Boot) => string };

/** A rule of hosts. `view.boot` is the last boot. */
export type HostRule = {
  readonly name: string;
  readonly speak: (view: HostView, state: HostState) => Spoken | undefined;
};

/** In the order they are asked, before all rules of boots. */
export const hostRules: readonly HostRule[] = [
  { name: 'reported-failure', speak: reportedFailure },
  { name: 'first-boot-failed', speak: firstBootFailed },
  { name: 'lost-report', speak: lostReport },
  { name: 'install-loop', speak: installLoop },
  { name: 'installed-and-local', speak: installedAndLocal },
  { name: 'installed', speak: installed },
  { name: 'armed-but-silent', speak: armedSilent },
];

/** Boots further apart belong to other armings. */
const SAME_ARMING_MS = 24 * 60 * 60_000;

function reportedFailure(view: HostView, state: HostState): Spoken | undefined {
  if (state.phase !== 'failed') return undefined;
  const report = [...view.earlier, view.boot]
    .flatMap((boot) => stagesOf(boot, 'report'))
    .findLast(({ stage }) => stage === 'failed');
  const message =
    report === undefined || report.message === '' ? state.reason : `its installer reported failure: ${report.message}`;
  return seen(
    `${message} (${timeWords(report?.at ?? state.changedAt)})`,
    `put right what it names (kickstand host log ${hostName(view)} has more), then kickstand host arm ${hostName(view)} and boot it from the network`,
  );
}

function firstBootFailed(view: HostView, state: HostState): Spoken | undefined {
  if (state.phase !== 'installed') return undefined;
  const report = stagesOf(view.boot, 'report').at(-1);
  if (report?.stage !== 'failed') return undefined;
  return seen(
    `it is installed, but its first boot reported failure${report.message === '' ? '' : `: ${report.message}`}`,
    `kickstand host log ${hostName(view)} shows what it had written; log in to it and put that right: its disks are installed and will not be wiped again by themselves`,
  );
}

/** Packages were fetched, then it came back for more without a word: the report was lost, or the install failed late. */
function lostReport(view: HostView, state: HostState): Spoken | undefined {
  if (state.phase !== 'stalled' && state.phase !== 'booting' && state.phase !== 'installing') return undefined;
  if (view.boot.reached > reach.kernel) return undefined;
  const recent = view.earlier.filter(({ lastAt }) => view.boot.startedAt - lastAt < SAME_ARMING_MS);
  const before = recent.findLast((boot) => packagesIn({ ...view, boot }) > 0);
  if (before === undefined || hasSucceeded(before) || before.lastAt < (state.arming?.armedAt ?? 0)) return undefined;
  const count = countWords(packagesIn({ ...view, boot: before }));
  const stopped = state.phase === 'stalled' ? '; it was stopped, so that it is not installed without end' : '';
  return likely(
    `its installer fetched ${count} packages (last sign ${timeWords(before.lastAt)}), then the machine came back to network boot without a report of success: the report was lost, or the install failed at its end${stopped}`,
    `look at what is on its disk. If it is installed, leave it disarmed and let it boot its disk; if not, see that it can reach /hosts/${hostName(view)}/events of this appliance, and arm it again`,
  );
}

function hasSucceeded(boot: Boot): boolean {
  return stagesOf(boot, 'report').some(({ stage }) => stage === 'installed');
}

function installLoop(view: HostView, state: HostState): Spoken | undefined {
  if (state.phase !== 'stalled') return undefined;
  const install = [...view.earlier, view.boot].findLast((boot) =>
    stagesOf(boot, 'script').some(({ told }) => told === 'install'),
  );
  const last = install === undefined ? '' : `; the last time ${view.judge(install)}`;
  return seen(
    `it booted its installer ${timesWords(state.attempts)} without a report of success and was stopped${last}`,
    `put that right, then kickstand host arm ${hostName(view)} and boot it once more`,
  );
}

function installedAndLocal(view: HostView, state: HostState): Spoken | undefined {
  if (state.phase !== 'installed') return undefined;
  const { boot } = view;
  const asked = stagesOf(boot, 'script').some(({ told, at }) => told === 'local' && at >= state.changedAt);
  const empty = stagesOf(boot, 'dhcp-answered').some(({ file, at }) => file === undefined && at >= state.changedAt);
  return asked || empty
    ? fine(`${state.reason}; it came by network boot since, and was left to boot its disk`, sparesTheWalk(view))
    : undefined;
}

/** UEFI tries each card, each by PXE and by HTTP, before it comes to its disk (smart-proxy issue 877). */
function sparesTheWalk({ boot, facts }: HostView): string | undefined {
  const isUefi = stagesOf(boot, 'dhcp-asked').some(({ firmware }) => firmware.platform === 'uefi');
  if (!isUefi || facts.host?.boot.order !== 'network-first') return undefined;
  return 'where its walk through the network entries takes too long: boot: { order: disk-first } puts the disk first at the next install, the firmware does so at once';
}

function installed(_view: HostView, state: HostState): Spoken | undefined {
  return state.phase === 'installed' ? fine(`${state.reason} (${timeWords(state.changedAt)})`) : undefined;
}

/** Armed, and nothing of it on the wire since. */
function armedSilent(view: HostView, { phase, arming }: HostState): Spoken | undefined {
  if (phase !== 'armed' || arming === undefined) return undefined;
  const { facts, boot } = view;
  if (boot.records.length > 0 && boot.lastAt >= arming.armedAt) return undefined;
  // It was under way when it was armed: what it asks next decides.
  if (boot.records.length > 0 && silenceMs(view) < patienceMs.offer) return undefined;
  const sinceMs = facts.now - arming.armedAt;
  if (sinceMs < patienceMs.powerOn)
    return { ...waiting('it is armed; boot it from the network'), rule: 'armed-but-silent' };
  const dhcp =
    facts.dhcpMode === 'off'
      ? 'the DHCP server of its network must name this appliance (next-server) and a loader, since this one answers no DHCP (--dhcp proxy); '
      : '';
  return likely(
    `it is armed since ${timeWords(arming.armedAt)} (${lengthWords(sinceMs)}) and has asked for nothing: it booted its disk, is switched off, or asks on another network`,
    `${dhcp}set a one-time network boot in its firmware or management controller: an installer may have put its disk first in the UEFI boot order (boot: { order: network-first } keeps the network first after the next install). Its MAC must be among the host's.`,
  );
}
