// One question from its request to the datagram that answers it: lease, probe, boot file, reply. What touches the world is handed in.

import type { Ipv4 } from '../address.ts';
import { toNumber } from '../address.ts';
import type { BootAnswer } from '../domain.ts';
import { isNo } from '../malformed.ts';
import type { LeaseBook } from './book.ts';
import { decideLease } from './leases.ts';
import type { ServedNetwork } from './networks.ts';
import { networkAt } from './networks.ts';
import type { LeaseGranted, LeaseSilence } from './question.ts';
import { silence } from './question.ts';
import { planReply } from './reply.ts';
import type { AnswerBoot, Datagram, DhcpRequest, Grant, Lease } from './types.ts';

/** What an answer is made with. `leases` undefined: a proxy, which gives no addresses. */
export type ExchangeSetup = {
  readonly self: Ipv4;
  readonly bootServer: Ipv4;
  readonly networks: () => readonly ServedNetwork[];
  readonly leases: LeaseKeeper | undefined;
  readonly answerBoot: AnswerBoot;
};

export type LeaseKeeper = {
  readonly book: LeaseBook;
  /** Resolves when the changes are on disk. */
  readonly save: (changes: readonly Lease[]) => Promise<void>;
  /** Does anybody but `asker` answer at `address`? `holder` had it before. */
  readonly probe: (question: {
    readonly address: Ipv4;
    readonly asker: DhcpRequest['mac'];
    readonly holder: Lease['mac'] | undefined;
  }) => Promise<ProbeResult>;
};

export type ProbeResult =
  | { readonly kind: 'free' | 'unprobed' }
  /** `by`: its MAC, where the kernel learnt it. */
  | { readonly kind: 'in-use'; readonly by: string | undefined };

export type Question = {
  readonly request: DhcpRequest;
  readonly port: 67 | 4011;
  readonly from: { readonly address: string; readonly port: number };
  readonly sentTo: 'this-server' | 'everyone';
  /** Ms since 1970. */
  readonly now: number;
};

/** `alarms`: what an operator must hear of. `foreign`: the server whose offer the client took instead of ours. */
export type Outcome = (Replied | Silent) & { readonly alarms: readonly string[] };
type Replied = { readonly kind: 'reply'; readonly datagram: Datagram } & Answer;
type Silent = { readonly kind: 'silence'; readonly reason: string; readonly foreign: Ipv4 | undefined };
type Answer = { readonly grant: Grant | undefined; readonly boot: BootAnswer | undefined };

/** So many addresses in a row may turn out to be in use; the client asks again, and the search goes on behind them. */
const PROBES_A_QUESTION = 4;
const NOWHERE = '0.0.0.0';

/** Answers one question. Rejects where a lease cannot be saved or the boot answer fails; then nothing was granted on the wire. */
export async function answerQuestion(setup: ExchangeSetup, question: Question): Promise<Outcome> {
  const { leases } = setup;
  if (leases === undefined || question.port === 4011) return answerProxy(setup, question);
  const { decision, alarms } = await settleLease({ ...setup, leases }, question);
  if (decision.kind === 'silence') {
    await leases.save(decision.changes);
    return { kind: 'silence', reason: decision.reason, foreign: decision.foreign, alarms };
  }
  const { grant, changes } = decision;
  const address = grant.kind === 'offer' || grant.kind === 'ack' ? grant.address : undefined;
  const [boot] = await Promise.all([
    grant.kind === 'nak' ? undefined : bootAnswer(setup, question, address),
    leases.save(changes),
  ]);
  return { ...reply(setup, question, { grant, boot }), alarms };
}

/**
 * Beside another DHCP server, or asked for the boot file alone. A machine is where it says only when it asks from there: by a
 * claim alone a stranger could have what another machine asks next taken for a host's own questions.
 */
async function answerProxy(setup: ExchangeSetup, question: Question): Promise<Outcome> {
  const { request, port, from } = question;
  const { giaddr, ciaddr } = request.packet;
  const none = { kind: 'silence', foreign: undefined, alarms: [] } as const;
  if (giaddr !== NOWHERE && networkAt(setup.networks(), giaddr) === undefined) {
    return { ...none, reason: `no network of the site has the relay ${giaddr}` };
  }
  const foreign = request.server !== undefined && request.server !== setup.self ? request.server : undefined;
  if (port === 67 && request.type !== 'discover') return { ...none, reason: 'another server leases here', foreign };
  if (request.boot === undefined) return { ...none, reason: 'it does not ask for network boot' };
  const boot = await bootAnswer(setup, question, port === 4011 && from.address === ciaddr ? ciaddr : undefined);
  return { ...reply(setup, question, { grant: undefined, boot }), alarms: [] };
}

async function bootAnswer(setup: ExchangeSetup, { request }: Question, address: Ipv4 | undefined) {
  return request.boot === undefined ? undefined : setup.answerBoot({ request, boot: request.boot, address });
}

function reply(setup: ExchangeSetup, { request, port, from }: Question, answer: Answer): Replied | Silent {
  const { self, bootServer } = setup;
  const datagram = planReply(request, { port, from, self, bootServer, ...answer });
  if (isNo(datagram)) return { kind: 'silence', reason: datagram.reason, foreign: undefined };
  return { kind: 'reply', datagram, ...answer };
}

type Served = ExchangeSetup & { readonly leases: LeaseKeeper };
type Settled = { readonly decision: LeaseGranted | LeaseSilence; readonly alarms: readonly string[] };

/** Decides, probing as often as the decision asks for it. What is held for this client is in the book while a probe runs. */
async function settleLease(setup: Served, { request, sentTo, now }: Question): Promise<Settled> {
  const { book, probe } = setup.leases;
  const probed = new Map<Ipv4, 'free' | 'in-use' | 'unprobed'>();
  const alarms: string[] = [];
  const changes: Lease[] = [];
  for (;;) {
    const networks = setup.networks();
    const decision = decideLease({ request, sentTo, now, self: setup.self, networks, book, probed });
    const before = decision.kind === 'probe' ? book.at(toNumber(decision.address)) : undefined;
    for (const lease of decision.changes) book.put(lease);
    changes.push(...decision.changes);
    if (decision.kind === 'grant') return { decision: { ...decision, changes }, alarms };
    if (decision.kind === 'silence') {
      return {
        decision: { ...decision, changes },
        alarms: [...alarms, ...(decision.alarm === undefined ? [] : [decision.alarm])],
      };
    }
    const { address } = decision;
    if (probed.size >= PROBES_A_QUESTION) {
      return { decision: { ...silence(`${probed.size} addresses in a row are in use`), changes }, alarms };
    }
    const found = await probe({ address, asker: request.mac, holder: before?.mac });
    probed.set(address, found.kind);
    // A host's own address that another of its cards answers at is as it should be.
    if (found.kind === 'in-use' && decision.changes.length > 0) alarms.push(inUse(address, found.by));
  }
}

function inUse(address: Ipv4, by: string | undefined): string {
  return `${address} of the dynamic range is in use by ${by ?? 'a machine'} that did not get it here`;
}
