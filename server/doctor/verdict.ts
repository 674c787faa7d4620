// The boot doctor: what a machine's last boot came to, and what to do about it. The first rule that has something to say speaks. Pure.

import type { Verdict } from '../stages.ts';
import type { Boot } from './boots.ts';
import { cutBoots, reach } from './boots.ts';
import type { DoctorFacts, Rule, Spoken, View } from './rule.ts';
import { fine } from './rule.ts';
import { chainRules } from './rules/chain.ts';
import { dhcpRules } from './rules/dhcp.ts';
import type { HostView } from './rules/host.ts';
import { hostRules } from './rules/host.ts';
import { installRules } from './rules/install.ts';
import { kernelRules, scriptRules } from './rules/kernel.ts';
import { loaderRules, moduleRules, silentLoaderRules } from './rules/loader.ts';
import { localRules, unarmedWords, unknownWords } from './rules/local.ts';

/** The rules of boots, in the order they are asked: what came last on the wire first. */
export const bootRules: readonly Rule[] = [
  ...installRules,
  ...kernelRules,
  ...localRules,
  ...moduleRules,
  ...scriptRules,
  ...loaderRules,
  ...chainRules,
  ...silentLoaderRules,
  ...dhcpRules,
];

/** Boots that follow each other this closely are one power-on: firmware tries its next boot entry after one that failed. */
const SAME_POWER_ON_MS = 3 * 60_000;
/** A boot this long ago explains nothing of one that runs now. */
const EXPLAINS_MS = 60 * 60_000;

/** What is to be said of the machine's last boot. */
export function diagnose(facts: DoctorFacts): Verdict {
  const boots = cutBoots(facts.records);
  const boot = boots.at(-1);
  const earlier = boots.slice(0, -1);
  const ofHost = verdictOfHost(facts, { boot: boot ?? NO_BOOT, earlier });
  if (ofHost !== undefined) return ofHost;
  if (boot === undefined) return nothingSeen(facts);
  return withTheOneBefore(facts, { boot, before: earlier.at(-1) });
}

const NO_BOOT: Boot = { records: [], ended: false, startedAt: 0, lastAt: 0, reached: reach.dhcp };

function verdictOfHost(facts: DoctorFacts, of: { boot: Boot; earlier: readonly Boot[] }): Verdict | undefined {
  if (facts.host === undefined) return undefined;
  const view: HostView = {
    facts,
    ...of,
    judge: (boot) => verdictOf({ facts, boot: { ...boot, ended: true } }).summary,
  };
  for (const { name, speak } of hostRules) {
    const spoken = speak(view, facts.host.state);
    if (spoken !== undefined) return named(name, spoken);
  }
  return undefined;
}

/** A boot that has hardly begun is judged with the one before it: what failed there is about to fail again. */
function withTheOneBefore(facts: DoctorFacts, of: { boot: Boot; before: Boot | undefined }): Verdict {
  const { boot, before } = of;
  const verdict = verdictOf({ facts, boot });
  if (before === undefined || verdict.health === 'fine') return verdict;
  const past = verdictOf({ facts, boot: before });
  const gapMs = boot.startedAt - before.lastAt;
  if (past.health !== 'wrong' || gapMs > EXPLAINS_MS) return verdict;
  if (boot.reached === reach.dhcp && before.reached > reach.dhcp && gapMs < SAME_POWER_ON_MS) return past;
  if (verdict.health === 'wrong') return verdict;
  return {
    ...verdict,
    summary: `${verdict.summary}. The boot before: ${past.summary}`,
    remedy: verdict.remedy ?? past.remedy,
  };
}

/** What the rules of boots say of one. */
function verdictOf(view: View): Verdict {
  for (const { name, speak } of bootRules) {
    const spoken = speak(view);
    if (spoken !== undefined) return named(name, spoken);
  }
  return named('unexplained', {
    health: 'waiting',
    summary: 'what it asked tells nothing yet; the transcript shows it',
    remedy: undefined,
    certainty: 'likely',
  });
}

function nothingSeen(facts: DoctorFacts): Verdict {
  const view = { facts, boot: NO_BOOT };
  const host = facts.host;
  if (host === undefined) return named('nothing-seen', fine('nothing was seen of it'));
  return named(
    'nothing-seen',
    fine(
      `nothing was seen of it yet, and it is ${host.state.phase} (${host.state.reason})`,
      unarmedWords(view)?.remedy ?? unknownWords(view)?.remedy,
    ),
  );
}

function named(name: string, { rule, ...spoken }: Spoken): Verdict {
  return { ...spoken, rule: rule ?? name };
}
