// The life of a host as a pure state machine: what has happened → where it stands. It decides no boot (boot/decide.ts does).

import { armingEnded, isUnspent } from '../arming.ts';
import type { Arming, HostState } from '../domain.ts';

/** Something that happened to a host. `now` is milliseconds since 1970. */
export type HostEvent =
  | { readonly kind: 'armed'; readonly now: number; readonly arming: Arming }
  | { readonly kind: 'disarmed'; readonly now: number; readonly reason: string }
  /** A boot script with `token` was made for it. */
  | { readonly kind: 'booted'; readonly now: number; readonly token: string }
  /** It came back for another install too often. */
  | { readonly kind: 'stopped'; readonly now: number; readonly reason: string }
  /** Its installer, at `address`, is about to be given the kickstart or answerfile of `token`. */
  | { readonly kind: 'installing'; readonly now: number; readonly token: string; readonly address: string }
  /** Its installer reported a stage: `installed`, `failed`, or any step in between. */
  | { readonly kind: 'reported'; readonly now: number; readonly stage: string; readonly message: string };

/** A host that was never armed. */
export const unarmed: HostState = {
  phase: 'disarmed',
  arming: undefined,
  attempts: 0,
  lastBootAt: undefined,
  changedAt: 0,
  reason: 'never armed',
};

/**
 * Two boot scripts asked within this time are one power-on: a firmware that repeats its request must not spend the
 * attempts of its host. Measured from the first of them, and only until the installer has read its kickstart: what comes
 * after that is another power-on.
 */
export const sameBootMs = 30_000;

/** Is a boot at `now` the same power-on as the last one? */
export function isSameBoot(state: HostState, now: number): boolean {
  if (state.phase !== 'booting' || state.lastBootAt === undefined) return false;
  return now >= state.lastBootAt && now - state.lastBootAt < sameBootMs;
}

/**
 * The state with what time alone has done: an arming nobody used, or only began to use, has ended. An install that runs
 * goes on and may still report, but it is not begun again (see `armingEnded`'s other users).
 */
export function settle(state: HostState, now: number): HostState {
  if (state.arming === undefined || (state.phase !== 'armed' && state.phase !== 'booting')) return state;
  const ended = armingEnded(state.arming, now);
  if (ended === undefined) return state;
  const before = state.phase === 'armed' ? 'the machine asked' : 'the kickstart was read';
  return disarm(state, { now, reason: `${ended} before ${before}` });
}

/** The state after `event`. Events that say nothing new leave the state as it is. */
export function advance(state: HostState, event: HostEvent): HostState {
  switch (event.kind) {
    case 'armed':
      return { ...unarmed, phase: 'armed', arming: event.arming, changedAt: event.now, reason: 'armed by an operator' };
    case 'disarmed':
      return disarm(state, event);
    case 'booted':
      return mayUse(state, event.token) ? booted(state, event.now) : state;
    case 'stopped':
      return change({ ...state, arming: undefined }, { phase: 'stalled', now: event.now, reason: event.reason });
    case 'installing':
      if (!mayUse(state, event.token)) return state;
      return change(state, { phase: 'installing', now: event.now, reason: 'its installer read its instructions' });
    case 'reported':
      return reported(state, event);
  }
}

/** Does `token` open this host's kickstart now? Constant-time comparison is the caller's work: it hands in `same`. */
export function admitsInstaller(state: HostState, same: (token: string) => boolean, now: number): boolean {
  const { arming, phase } = settle(state, now);
  if (arming === undefined || armingEnded(arming, now) !== undefined || !same(arming.token)) return false;
  return isUnspent(phase);
}

/**
 * Does `token` let this host report now? Also after success or failure: a report repeated because its answer was lost
 * must not look like an intruder's.
 */
export function admitsReport(state: HostState, same: (token: string) => boolean): boolean {
  return state.arming !== undefined && same(state.arming.token) && state.phase !== 'disarmed';
}

/** What was made for `token` may have been overtaken: by an operator, by another arming, by the install's own report. */
function mayUse(state: HostState, token: string): boolean {
  return state.arming?.token === token && isUnspent(state.phase);
}

function booted(state: HostState, now: number): HostState {
  if (isSameBoot(state, now)) return state;
  const attempts = state.attempts + 1;
  const counted = { ...state, attempts, lastBootAt: now };
  return change(counted, { phase: 'booting', now, reason: `boot ${attempts} of its installer` });
}

function reported(state: HostState, event: Report): HostState {
  if (state.arming === undefined || state.phase === 'stalled') return state;
  if (state.phase === 'installed') return { ...state, reason: afterwards(state, event) };
  if (event.stage === 'installed') {
    return change(state, { phase: 'installed', now: event.now, reason: 'its installer reported success' });
  }
  if (event.stage === 'failed') {
    return change(state, { phase: 'failed', now: event.now, reason: `its installer reported failure${told(event)}` });
  }
  if (state.phase !== 'armed' && state.phase !== 'booting') return state;
  return change(state, { phase: 'installing', now: event.now, reason: `its installer reported ${event.stage}` });
}

type Report = { readonly now: number; readonly stage: string; readonly message: string };

/** An installed host stays installed, whatever its first boot reports; the reason tells how that went. */
function afterwards(state: HostState, event: Report): string {
  if (event.stage === 'failed') return `installed, but its first boot reported failure${told(event)}`;
  return event.stage === 'configured' ? `installed, and configured by its first boot${told(event)}` : state.reason;
}

function told(event: Report): string {
  return event.message === '' ? '' : `: ${event.message}`;
}

function disarm(state: HostState, to: { now: number; reason: string }): HostState {
  if (state.phase === 'disarmed') return state;
  return change({ ...state, arming: undefined }, { phase: 'disarmed', ...to });
}

function change(state: HostState, to: { phase: HostState['phase']; now: number; reason: string }): HostState {
  if (state.phase === to.phase && state.phase !== 'booting') return state;
  return { ...state, phase: to.phase, changedAt: to.now, reason: to.reason };
}
