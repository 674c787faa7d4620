// A server machine and a client machine joined by a channel with a script and a clock of its own: no socket, no waiting.

import { DEFAULT_TFTP_LIMITS } from '../../../server/tftp/listener.ts';
import { negotiate } from '../../../server/tftp/options.ts';
import type { Packet } from '../../../server/tftp/packet.ts';
import { begin, step, wireNumber, type Effect, type Transfer } from '../../../server/tftp/transfer.ts';
import { patternBytes } from './files.ts';
import { createReceiver } from './receiver.ts';

/** What becomes of one datagram; `late`: it arrives behind the next one of its direction. */
export type Fate = 'pass' | 'lose' | 'repeat' | 'late';

export type Scenario = {
  readonly sizeBytes: number;
  readonly options: Readonly<Record<string, number | undefined>>;
  /** For datagrams in the order sent, both directions; those beyond the list pass. */
  readonly fates: readonly Fate[];
};

export type Result = { readonly outcome: string; readonly complete: boolean; readonly blocksSent: number };

const STEP_LIMIT = 500_000;
const CLIENT_SILENCE_MS = 3000;

/** Runs to the server's end; throws where it does not end, or sends a block outside its window. */
export function simulate({ sizeBytes, options, fates }: Scenario): Result {
  const content = patternBytes(sizeBytes);
  const asked = Object.entries(options).flatMap(([name, value]) =>
    value === undefined ? [] : [{ name, value: String(value) }],
  );
  const client = createReceiver({
    name: 'f',
    options: Object.fromEntries(asked.map(({ name, value }) => [name, value])),
  });
  const limits = { ...DEFAULT_TFTP_LIMITS, retransmissions: 200 };
  const channel = createChannel(fates);
  const tally = { outcome: '', blocksSent: 0 };
  let nowMs = 0;
  let clientSpokeMs = 0;
  const first = begin(negotiate(asked, { sizeBytes, limits }), { sizeBytes, limits, nowMs: 0 });
  let [transfer] = first;

  const carryOut = ([next, effects]: readonly [Transfer, readonly Effect[]]): void => {
    transfer = next;
    for (const effect of effects) {
      if (effect.kind === 'end') tally.outcome = effect.outcome;
      if (effect.kind === 'send') channel.send('client', effect.packet);
      if (effect.kind !== 'blocks') continue;
      const { blksize, windowsize, rollover } = next.terms;
      const inWindow = effect.from === next.acked + 1 && effect.to <= next.acked + windowsize;
      if (!inWindow || effect.to > next.lastBlock)
        throw new Error(`blocks outside the window: ${JSON.stringify(effect)}`);
      for (let block = effect.from; block <= effect.to; block += 1) {
        tally.blocksSent += 1;
        const bytes = content.subarray((block - 1) * blksize, block * blksize);
        channel.send('client', { kind: 'data', block: wireNumber(block, rollover), bytes });
      }
    }
  };

  carryOut(first);
  for (let steps = 0; tally.outcome === ''; steps += 1) {
    if (steps > STEP_LIMIT) throw new Error('the transfer does not end');
    const arrival = channel.take();
    if (arrival?.to === 'client') {
      const answer = client.receive(arrival.packet);
      if (answer !== undefined) channel.send('server', answer);
      clientSpokeMs = nowMs;
    } else if (arrival !== undefined) {
      carryOut(step(transfer, { kind: 'packet', packet: arrival.packet, nowMs }));
    } else if (clientSpokeMs + CLIENT_SILENCE_MS < transfer.deadlineMs) {
      nowMs = clientSpokeMs += CLIENT_SILENCE_MS;
      const again = client.silence();
      if (again !== undefined && again.kind !== 'rrq') channel.send('server', again);
    } else {
      nowMs = transfer.deadlineMs;
      carryOut(step(transfer, { kind: 'timeout', waitingFor: 'client', nowMs }));
    }
  }
  return { ...tally, complete: client.state.done && Buffer.concat(client.parts).equals(content) };
}

type Arrival = { readonly to: 'client' | 'server'; readonly packet: Packet };

function createChannel(fates: readonly Fate[]): {
  send(to: Arrival['to'], packet: Packet): void;
  take(): Arrival | undefined;
} {
  const queue: Arrival[] = [];
  const held: Record<Arrival['to'], Arrival | undefined> = { client: undefined, server: undefined };
  let count = 0;
  let taken = 0;
  return {
    send: (to, packet) => {
      const arrival: Arrival = { to, packet };
      const fate = fates[count] ?? 'pass';
      count += 1;
      if (fate === 'lose') return;
      if (fate === 'late' && held[to] === undefined) {
        held[to] = arrival;
        return;
      }
      queue.push(arrival);
      if (fate === 'repeat') queue.push(arrival);
      if (held[to] !== undefined) queue.push(held[to]);
      held[to] = undefined;
    },
    take: () => {
      for (const to of ['client', 'server'] as const) {
        // Nothing came behind it: it arrives after all.
        if (taken < queue.length || held[to] === undefined) continue;
        queue.push(held[to]);
        held[to] = undefined;
      }
      taken += 1;
      return queue[taken - 1] ?? void (taken -= 1);
    },
  };
}
