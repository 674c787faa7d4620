// What a rule of the boot doctor is given and says: the facts, one boot, and the words for fine, waiting and wrong. Pure.

import type { BootOptions, HostState } from '../domain.ts';
import type { StageRecord, Verdict } from '../stages.ts';
import type { Boot } from './boots.ts';
import { stagesOf } from './boots.ts';

/** All that a verdict rests on. `now` is ms since 1970. */
export type DoctorFacts = {
  /** The machine's stages, oldest first. */
  readonly records: readonly StageRecord[];
  /** Undefined: no host of the site has its MAC. `boot` is what the site and the host say together. */
  readonly host: { readonly name: string; readonly state: HostState; readonly boot: BootOptions } | undefined;
  readonly now: number;
  readonly dhcpMode: 'off' | 'proxy' | 'server';
};

/** One boot and what is known beside it. */
export type View = { readonly facts: DoctorFacts; readonly boot: Boot };

/** What a rule says; `rule` where it does not speak in its own name. */
export type Spoken = Omit<Verdict, 'rule'> & { readonly rule?: string };

/** A rule: a name, and what it has to say of a boot; undefined: it is not about that boot. */
export type Rule = { readonly name: string; readonly speak: (view: View) => Spoken | undefined };

/** All is as it should be. */
export function fine(summary: string, remedy?: string): Spoken {
  return { health: 'fine', summary, remedy, certainty: 'seen' };
}

/** The step after this one is not overdue yet. */
export function waiting(summary: string): Spoken {
  return { health: 'waiting', summary, remedy: undefined, certainty: 'seen', rule: 'waiting' };
}

/** Seen on the wire to have failed. */
export function seen(summary: string, remedy: string): Spoken {
  return { health: 'wrong', summary, remedy, certainty: 'seen' };
}

/** Inferred from what did not come. */
export function likely(summary: string, remedy: string): Spoken {
  return { health: 'wrong', summary, remedy, certainty: 'likely' };
}

/** How long nothing was heard of the boot, in ms; endless for one after which another began: nothing more will come of it. */
export function silenceMs({ boot, facts }: View): number {
  return boot.ended ? Number.POSITIVE_INFINITY : facts.now - boot.lastAt;
}

/** How DHCP was answered in this boot; else as the appliance is set now. */
export function dhcpModeOf({ boot, facts }: View): DoctorFacts['dhcpMode'] {
  return stagesOf(boot, 'dhcp-answered').at(-1)?.mode ?? facts.dhcpMode;
}

/** The host's name for a command line, or a placeholder. */
export function hostName({ facts }: View): string {
  return facts.host?.name ?? 'HOST';
}

/**
 * What each step takes on slow but sound machines, in ms: until then it is waited for. Transfers have no limit of their own:
 * the server gives them up.
 */
export const patienceMs = {
  /** DHCP's answer to the first file; firmwares wait up to four seconds for further offers, some twice. */
  offer: 20_000,
  /** A loader that has started asks for its next file at once; old firmwares take seconds to check one. */
  loader: 30_000,
  /** A script's kernel, behind GRUB's and iPXE's own time-outs. */
  script: 120_000,
  /** Small beside the initrd: but that one's stage may be written down only when it has come. */
  kernel: 180_000,
  /** Unpacking an initrd, finding the network card, waiting for spanning tree and for DHCP. */
  installer: 4 * 60_000,
  stage2: 5 * 60_000,
  /** The installer's own start, on little memory. */
  repo: 8 * 60_000,
  /** Partitioning large disks and solving dependencies. */
  packages: 20 * 60_000,
  /** dnf installs what it has fetched without asking for anything: a large install on a slow disk. */
  transaction: 40 * 60_000,
  /** From arming to somebody's pressing the button. */
  powerOn: 20 * 60_000,
} as const;
