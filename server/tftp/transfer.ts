// The life of one read transfer as a pure machine: what came in, and when, decides what goes out (RFC 1350, 2347, 7440).

import type { Terms, TransferLimits } from './options.ts';
import { ERROR_CODE, type Failure, type Oack, type Packet } from './packet.ts';

/**
 * Where a transfer stands. Blocks count from 1 and do not wrap here; `wireNumber` gives the 16-bit number of the datagram.
 * Times are milliseconds of any clock that does not go back.
 */
export type Transfer = {
  readonly terms: Terms;
  readonly limits: TransferLimits;
  readonly sizeBytes: number;
  /** The one block shorter than blksize, perhaps empty, that ends the file. */
  readonly lastBlock: number;
  /** `offered`: the OACK is out, its ACK 0 is awaited. */
  readonly phase: 'offered' | 'sending' | 'ended';
  /** All blocks up to this one have arrived. */
  readonly acked: number;
  readonly sent: number;
  /** Retransmissions since the client last moved on. */
  readonly retransmissions: number;
  /** How often something went out again, from the begin on. */
  readonly resent: number;
  /** While above 0, a repeated ACK is not taken for a gap; each step forward lowers it. */
  readonly gapRest: number;
  /** When silence becomes a `timeout` event. */
  readonly deadlineMs: number;
};

export type TransferEvent =
  | { readonly kind: 'packet'; readonly packet: Packet; readonly nowMs: number }
  /** `deadlineMs` has passed. `waitingFor`: what the server itself was waiting for. */
  | { readonly kind: 'timeout'; readonly waitingFor: 'client' | 'disk'; readonly nowMs: number }
  /** The server cannot go on. `told` goes to the client, `reason` (which may name files) does not. */
  | { readonly kind: 'fault'; readonly reason: string; readonly told: string }
  /** The client began anew from the same port. */
  | { readonly kind: 'replaced' };

export type TransferOutcome = 'sent' | 'probed' | 'closed' | 'timed-out' | 'failed';

export type Effect =
  | { readonly kind: 'send'; readonly packet: Oack | Failure }
  /** Send the blocks `from` to `to`, both included. It replaces an earlier `blocks` not yet carried out. */
  | { readonly kind: 'blocks'; readonly from: number; readonly to: number }
  | { readonly kind: 'end'; readonly outcome: TransferOutcome; readonly reason: string };

type Step = readonly [Transfer, readonly Effect[]];

/** How many steps forward a repeated ACK stays unanswered after a window was sent again. */
const GAP_REST = 2;

/** Begins the transfer of `sizeBytes` bytes under `terms`: an OACK where options were granted, else the first blocks at once. */
export function begin(terms: Terms, file: { sizeBytes: number; limits: TransferLimits; nowMs: number }): Step {
  const transfer: Transfer = {
    terms,
    limits: file.limits,
    sizeBytes: file.sizeBytes,
    lastBlock: Math.floor(file.sizeBytes / terms.blksize) + 1,
    phase: terms.granted.length > 0 ? 'offered' : 'sending',
    acked: 0,
    sent: 0,
    retransmissions: 0,
    resent: 0,
    gapRest: 0,
    deadlineMs: 0,
  };
  if (transfer.phase === 'sending') return sendFrom(transfer, { acked: 0, gapRest: 0, nowMs: file.nowMs });
  return [{ ...transfer, deadlineMs: file.nowMs + silenceMs(transfer, 0) }, [oack(transfer)]];
}

/** What follows from `event`. An ended transfer stays as it is and has no effects. */
export function step(transfer: Transfer, event: TransferEvent): Step {
  if (transfer.phase === 'ended') return [transfer, []];
  switch (event.kind) {
    case 'packet':
      return receive(transfer, event.packet, event.nowMs);
    case 'timeout':
      return retransmit(transfer, event.waitingFor, event.nowMs);
    case 'fault':
      return end(transfer, { outcome: 'failed', reason: event.reason, told: event.told });
    case 'replaced':
      return end(transfer, { outcome: 'closed', reason: 'the client began anew' });
  }
}

/**
 * Does a request from the port of a live transfer begin anew (else it is a repetition, and ignored)? A port carries one
 * transfer, so another request means the client gave the first up, perhaps with an ERROR that was lost; the same request
 * means that only when the client had moved on and then fell silent (reset, and fixed ports, as PXE ROMs have them). A client
 * that answers now is never interrupted: what came is a late copy of an old datagram.
 */
export function beginsAnew(transfer: Transfer, request: 'same' | 'other'): boolean {
  const silent = transfer.retransmissions > 0;
  const moved = transfer.acked > 0;
  return request === 'same' ? silent && moved : silent || !moved;
}

/** The block's 16-bit number: 65535 is followed by 0, or by 1 under `rollover` 1. */
export function wireNumber(block: number, rollover: 0 | 1): number {
  if (rollover === 0 || block === 0) return block % 65536;
  return ((block - 1) % 65535) + 1;
}

/** How many bytes of the file the client has acknowledged. */
export function ackedBytes(transfer: Transfer): number {
  return Math.min(transfer.acked * transfer.terms.blksize, transfer.sizeBytes);
}

function receive(transfer: Transfer, packet: Packet, nowMs: number): Step {
  switch (packet.kind) {
    case 'ack':
      return receiveAck(transfer, packet.block, nowMs);
    case 'error':
      return receiveError(transfer, packet);
    case 'rrq':
    case 'wrq':
    case 'data':
    case 'oack':
      // Nothing a reading client has to say; silence is safer than RFC 1350's ERROR, which anybody's stray could cause.
      return [transfer, []];
  }
}

function receiveAck(transfer: Transfer, number: number, nowMs: number): Step {
  if (transfer.phase === 'offered') {
    return number === 0 ? sendFrom(transfer, { acked: 0, gapRest: 0, nowMs }) : [transfer, []];
  }
  const block = ackedBlock(transfer, number);
  if (block === undefined) return [transfer, []];
  if (block === transfer.acked) return repeatedAck(transfer, nowMs);
  if (block === transfer.lastBlock) {
    return end({ ...transfer, acked: block }, { outcome: 'sent', reason: 'the client acknowledged every block' });
  }
  // RFC 7440 §4: an ACK from inside the window names the last block before a gap; the next window starts behind it.
  const gapRest = block < transfer.sent ? GAP_REST : Math.max(0, transfer.gapRest - 1);
  return sendFrom(transfer, { acked: block, gapRest, nowMs });
}

/**
 * With one block a window a repeated ACK is never answered, or every later block would go out twice (the Sorcerer's
 * Apprentice, RFC 1123 §4.2.3.1). In a larger window it may say that the first block was lost and a later one came: then the
 * window goes out again, but only if the one before did not, so that doubled windows and doubled ACKs cannot feed each other.
 */
function repeatedAck(transfer: Transfer, nowMs: number): Step {
  const canBeGap = transfer.sent - transfer.acked > 1 && transfer.gapRest === 0;
  if (!canBeGap) return [transfer, []];
  // The client has not moved on, so its time goes on too: what was retransmitted in vain still counts.
  return [
    {
      ...transfer,
      resent: transfer.resent + 1,
      gapRest: GAP_REST,
      deadlineMs: nowMs + silenceMs(transfer, transfer.retransmissions),
    },
    [{ kind: 'blocks', from: transfer.acked + 1, to: transfer.sent }],
  ];
}

/** The block that an ACK's number means, among those acknowledged or under way; undefined for any other. */
function ackedBlock(transfer: Transfer, number: number): number | undefined {
  const { rollover } = transfer.terms;
  if (rollover === 1 && number === 0 && transfer.acked > 0) return undefined;
  const cycle = rollover === 0 ? 65536 : 65535;
  const block = transfer.acked + ((number - wireNumber(transfer.acked, rollover) + cycle) % cycle);
  return block <= transfer.sent ? block : undefined;
}

/** The client has everything up to `acked`: the next window goes out. Runs for nearly every ACK, so it copies only once. */
function sendFrom(transfer: Transfer, at: { acked: number; gapRest: number; nowMs: number }): Step {
  const { acked, gapRest, nowMs } = at;
  const sent = Math.min(acked + transfer.terms.windowsize, transfer.lastBlock);
  const deadlineMs = nowMs + silenceMs(transfer, 0);
  return [
    { ...transfer, phase: 'sending', acked, sent, retransmissions: 0, gapRest, deadlineMs },
    [{ kind: 'blocks', from: acked + 1, to: sent }],
  ];
}

/**
 * EDK2 asks for the size alone and ends with ERROR 8 after the OACK, Intel's ROM with ERROR 0: a probe. Later, pxelinux and
 * GRUB close a file they need no more of with ERROR 0, EDK2 with ERROR 8: a close. Neither is a failure.
 */
function receiveError(transfer: Transfer, { code, message }: Failure): Step {
  const reason = `the client sent ERROR ${code}${message === '' ? '' : ` ${JSON.stringify(message)}`}`;
  const willing = code === ERROR_CODE.undefined || code === ERROR_CODE.optionRefused;
  if (!willing) return end(transfer, { outcome: 'failed', reason });
  return end(transfer, { outcome: transfer.phase === 'offered' ? 'probed' : 'closed', reason });
}

function retransmit(transfer: Transfer, waitingFor: 'client' | 'disk', nowMs: number): Step {
  if (transfer.retransmissions >= transfer.limits.retransmissions) return giveUp(transfer, waitingFor);
  const { phase, acked, sent } = transfer;
  const retransmissions = transfer.retransmissions + 1;
  const deadlineMs = nowMs + silenceMs(transfer, retransmissions);
  const again: Effect = phase === 'offered' ? oack(transfer) : { kind: 'blocks', from: acked + 1, to: sent };
  return [{ ...transfer, retransmissions, resent: transfer.resent + 1, gapRest: 0, deadlineMs }, [again]];
}

function giveUp(transfer: Transfer, waitingFor: 'client' | 'disk'): Step {
  if (waitingFor === 'disk') {
    return end(transfer, {
      outcome: 'failed',
      reason: 'the file could not be read in time',
      told: 'the server is too slow',
    });
  }
  const awaited =
    transfer.phase === 'offered' ? 'the options were' : `block ${transfer.acked + 1} of ${transfer.lastBlock} was`;
  const reason = `${awaited} sent ${transfer.retransmissions + 1} times and never acknowledged`;
  return end(transfer, { outcome: 'timed-out', reason, told: 'no acknowledgement came' });
}

/** `told`: what an ERROR tells the client; without it nothing is sent, for the client knows. */
function end(transfer: Transfer, how: { outcome: TransferOutcome; reason: string; told?: string }): Step {
  const last: Effect = { kind: 'end', outcome: how.outcome, reason: how.reason };
  const ended: Transfer = { ...transfer, phase: 'ended' };
  if (how.told === undefined) return [ended, [last]];
  const packet: Failure = { kind: 'error', code: ERROR_CODE.undefined, message: how.told };
  return [ended, [{ kind: 'send', packet }, last]];
}

function oack(transfer: Transfer): Effect {
  return { kind: 'send', packet: { kind: 'oack', options: transfer.terms.granted } };
}

/** How long to wait for an answer now: doubled with each retransmission, up to the cap. */
function silenceMs({ terms, limits }: Transfer, retransmissions: number): number {
  const firstMs = terms.timeoutMs ?? limits.retransmitMs;
  return Math.min(firstMs * 2 ** retransmissions, Math.max(firstMs, limits.retransmitCapMs));
}
