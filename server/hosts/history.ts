// What is written down of a host's life: history entries, sightings of unknown machines, and the stored form of its state.

import { z } from 'zod';
import type { HostState } from '../domain.ts';
import { HOST_PHASES } from '../domain.ts';
import { Malformed } from '../malformed.ts';
import type { HostEvent } from './lifecycle.ts';

/** One line of a host's history: when (ms since 1970), what, and the evidence. */
export type HistoryEntry = { readonly at: number; readonly what: string; readonly detail: string };

/** A machine that asked for a boot and is in no site. Texts are printable ASCII of at most 128 characters; they are not trusted. */
export type Sighting = {
  readonly mac: string;
  readonly uuid: string | undefined;
  /** Where it was, or the address it will have. */
  readonly address: string | undefined;
  /** `uefi x86_64 over http`: as `describeFirmware` says it. */
  readonly firmware: string | undefined;
  /** What it calls its firmware, its user class and itself: DHCP options 60, 77 and 12. */
  readonly vendorClass: string | undefined;
  readonly userClass: string | undefined;
  readonly hostname: string | undefined;
  readonly firstSeen: number;
  readonly lastSeen: number;
};

const storedState = z.object({
  phase: z.enum(HOST_PHASES),
  arming: z
    .object({
      token: z.string(),
      armedAt: z.number(),
      expiresAt: z.number(),
      pins: z.record(z.string(), z.string()),
      install: z.string(),
    })
    .optional(),
  attempts: z.number(),
  lastBootAt: z.number().optional(),
  changedAt: z.number(),
  reason: z.string(),
});

/** The stored text of a state. */
export function encodeState(state: HostState): string {
  return JSON.stringify(state);
}

/** Reads `encodeState`'s text. Throws `Malformed` when it is not one (a newer version's file, a damaged disk). */
export function decodeState(text: string): HostState {
  const parsed = storedState.safeParse(parseJson(text));
  if (!parsed.success)
    throw new Malformed('a stored host state is not readable', parsed.error.issues[0]?.path.join('.') ?? 'state');
  const { arming, lastBootAt, ...rest } = parsed.data;
  return { ...rest, arming, lastBootAt };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** The history line of an event that led from one state to the next. */
export function historyOf(event: HostEvent, before: HostState, after: HostState): HistoryEntry {
  const change = before.phase === after.phase ? after.phase : `${before.phase} → ${after.phase}`;
  return {
    at: event.now,
    what: event.kind === 'reported' ? `reported ${event.stage}` : event.kind,
    detail: detailOf(event, change),
  };
}

function detailOf(event: HostEvent, change: string): string {
  switch (event.kind) {
    case 'armed': {
      const pins = Object.entries(event.arming.pins).map(([repo, snapshot]) => `${repo}@${snapshot}`);
      return [change, `until ${new Date(event.arming.expiresAt).toISOString()}`, ...pins].join(', ');
    }
    case 'disarmed':
    case 'stopped':
      return `${change}: ${event.reason}`;
    case 'reported':
      return event.message === '' ? change : `${change}: ${event.message}`;
    case 'booted':
      return change;
    case 'installing':
      return `${change}: read by ${event.address}`;
  }
}
