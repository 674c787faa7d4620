// Takes questions up within limits, has each answered, and sees that none can harm another. Sending and noting are handed in.

import type { Ipv4 } from '../address.ts';
import type { Log } from '../log.ts';
import { messageOf } from '../malformed.ts';
import type { NoteStage } from '../stages.ts';
import { admission, type Refusal } from './admission.ts';
import { answerQuestion, type ExchangeSetup, type Outcome, type Question } from './exchange.ts';
import { type DhcpLimits, sayOnce } from './limits.ts';
import { answeredStage, askedStage, machineOf } from './stages.ts';
import type { Datagram } from './types.ts';

export type DeskSetup = {
  readonly mode: 'proxy' | 'server';
  readonly exchange: ExchangeSetup;
  readonly limits: DhcpLimits;
  readonly note: NoteStage;
  readonly log: Log;
  /** Sends an answer from the port the question came to. */
  readonly send: (from: Question['port'], datagram: Datagram) => void;
  /** A client took the offer of `server` instead of ours. */
  readonly onTaken: (server: Ipv4, question: Question) => void;
};

export type DeskCounts = Readonly<Record<'answered' | 'silent' | 'failed' | Refusal, number>>;

export type Desk = {
  /** Takes a question up, or lets it go. Never throws, never waits. */
  take(question: Question): void;
  /** What became of the questions so far. */
  counts(): DeskCounts;
  /** Resolves when what is in hand is answered. */
  settled(): Promise<void>;
};

const ALARM_EVERY_MS = 60_000;
const ALARMS_REMEMBERED = 200;

/** A desk without questions. */
export function openDesk(setup: DeskSetup): Desk {
  const { exchange, log } = setup;
  const gate = admission(setup.limits);
  const conclude = concluder(setup);
  const counts = { answered: 0, silent: 0, failed: 0, repeated: 0, 'too-often': 0, overloaded: 0 };
  const inHand = new Set<Promise<void>>();
  /** Never rejects: whatever goes wrong costs this one client its answer, and it asks again. */
  const answer = async (question: Question): Promise<void> => {
    const { mac, type } = question.request;
    try {
      const asked = askedStage(question);
      if (asked !== undefined) setup.note(machineOf(question), asked);
      const outcome = await answerQuestion(exchange, question);
      conclude(question, outcome);
      counts[outcome.kind === 'reply' ? 'answered' : 'silent'] += 1;
    } catch (error) {
      counts.failed += 1;
      log.error('dhcp question failed', { mac, type, reason: messageOf(error) });
    }
  };
  return {
    take: (question) => {
      const { request, now } = question;
      const known = exchange.networks().some(({ hosts }) => hosts.has(request.mac));
      const refusal = gate.enter(request, { known, now });
      if (refusal !== undefined) {
        counts[refusal] += 1;
        log.debug('dhcp message dropped', { mac: request.mac, type: request.type, reason: refusal });
        return;
      }
      const answering = answer(question).finally(() => {
        gate.leave(request, { known });
        inHand.delete(answering);
      });
      inHand.add(answering);
    },
    counts: () => ({ ...counts }),
    settled: async () => void (await Promise.all(inHand)),
  };
}

/** Sends an outcome, and tells who is to hear of it. */
function concluder({ mode, note, log, send, onTaken }: DeskSetup): (question: Question, outcome: Outcome) => void {
  const mayAlarm = sayOnce(ALARM_EVERY_MS, ALARMS_REMEMBERED);
  return (question, outcome) => {
    const { mac, type, boot } = question.request;
    for (const reason of outcome.alarms) if (mayAlarm(reason, question.now)) log.warn('dhcp', { mac, reason });
    const stage = answeredStage(question, outcome, mode);
    if (stage !== undefined) note(machineOf(question), stage);
    if (outcome.kind === 'reply') {
      send(question.port, outcome.datagram);
      log.debug('dhcp answered', { mac, type, ...factsOf(outcome) });
      return;
    }
    log.debug('dhcp not answered', { mac, type, reason: outcome.reason });
    if (outcome.foreign === undefined) return;
    if (boot !== undefined) note(machineOf(question), { kind: 'dhcp-foreign', server: outcome.foreign, mode });
    onTaken(outcome.foreign, question);
  };
}

function factsOf({ grant, boot }: Extract<Outcome, { readonly kind: 'reply' }>) {
  const address = grant !== undefined && 'address' in grant ? grant.address : undefined;
  const file = boot?.kind === 'boot' ? boot.file : undefined;
  return { grant: grant?.kind, address, file };
}
