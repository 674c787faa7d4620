// Checks the transfer machine: rules as tables of events and effects, then whole transfers over a channel that misbehaves.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { DEFAULT_TFTP_LIMITS as LIMITS } from '../../../server/tftp/listener.ts';
import { negotiate } from '../../../server/tftp/options.ts';
import {
  ackedBytes,
  begin,
  beginsAnew,
  step,
  wireNumber,
  type Effect,
  type Transfer,
} from '../../../server/tftp/transfer.ts';
import { simulate, type Fate } from './simulation.ts';

type Size = { readonly sizeBytes: number; readonly options?: Readonly<Record<string, number>> };

function start({ sizeBytes, options = {} }: Size): readonly [Transfer, readonly Effect[]] {
  const asked = Object.entries(options).map(([name, value]) => ({ name, value: String(value) }));
  return begin(negotiate(asked, { sizeBytes, limits: LIMITS }), { sizeBytes, limits: LIMITS, nowMs: 0 });
}

function show(effect: Effect): string {
  switch (effect.kind) {
    case 'blocks':
      return effect.from === effect.to ? `data ${effect.from}` : `data ${effect.from}-${effect.to}`;
    case 'send':
      return effect.packet.kind === 'oack' ? 'oack' : `error ${effect.packet.code}`;
    case 'end':
      return effect.outcome;
  }
}

/** Runs `ack N`, `error N`, `timeout`, `disk`, `data`, `fault`, `replaced` and shows each one's effects. */
function run(size: Size, events: string): string {
  let [transfer, effects] = start(size);
  const lines = [effects.map(show).join('+')];
  for (const event of events === '' ? [] : events.split(', ')) {
    const [word, value = '0'] = event.split(' ');
    [transfer, effects] = step(transfer, parseEvent(word ?? '', Number(value)));
    lines.push(effects.map(show).join('+') || '-');
  }
  return lines.join(', ');
}

function parseEvent(word: string, value: number): Parameters<typeof step>[1] {
  if (word === 'ack') return { kind: 'packet', packet: { kind: 'ack', block: value }, nowMs: 0 };
  if (word === 'error') return { kind: 'packet', packet: { kind: 'error', code: value, message: 'm' }, nowMs: 0 };
  if (word === 'data') return { kind: 'packet', packet: { kind: 'data', block: value, bytes: Buffer.of(1) }, nowMs: 0 };
  if (word === 'timeout') return { kind: 'timeout', waitingFor: 'client', nowMs: 0 };
  if (word === 'disk') return { kind: 'timeout', waitingFor: 'disk', nowMs: 0 };
  if (word === 'fault') return { kind: 'fault', reason: 'r', told: 't' };
  return { kind: 'replaced' };
}

const two = { sizeBytes: 600 };
const sized = { sizeBytes: 600, options: { tsize: 0 } };
const window4 = { sizeBytes: 512 * 9 + 1, options: { windowsize: 4 } };

const RULES: readonly (readonly [string, Size, string, string])[] = [
  ['without options the first block goes out at once', two, '', 'data 1'],
  ['each ACK brings the next block, the last one the end', two, 'ack 1, ack 2', 'data 1, data 2, sent'],
  ['an empty file is one empty block', { sizeBytes: 0 }, 'ack 1', 'data 1, sent'],
  ['one byte less than a block is one block', { sizeBytes: 511 }, 'ack 1', 'data 1, sent'],
  ['a full block is followed by an empty one', { sizeBytes: 512 }, 'ack 1, ack 2', 'data 1, data 2, sent'],
  ['options are offered first; ACK 0 begins', sized, 'ack 0, ack 1, ack 2', 'oack, data 1, data 2, sent'],
  ['before ACK 0 no other ACK counts', sized, 'ack 1, ack 7', 'oack, -, -'],
  ['a repeated ACK is not answered (Sorcerer’s Apprentice)', two, 'ack 1, ack 1, ack 1', 'data 1, data 2, -, -'],
  ['a repeated ACK 0 is not answered', sized, 'ack 0, ack 0', 'oack, data 1, -'],
  ['an ACK of what was not sent is not answered', two, 'ack 2, ack 9, ack 65535', 'data 1, -, -, -'],
  ['silence sends the block again', two, 'timeout, ack 1, timeout, ack 2', 'data 1, data 1, data 2, data 2, sent'],
  ['silence sends the OACK again', sized, 'timeout, ack 0', 'oack, oack, data 1'],
  [
    'six times in vain, then the client is dropped',
    two,
    'timeout, timeout, timeout, timeout, timeout, timeout',
    'data 1, data 1, data 1, data 1, data 1, data 1, error 0+timed-out',
  ],
  [
    'progress starts the count again',
    two,
    'timeout, timeout, timeout, timeout, timeout, ack 1, timeout',
    'data 1, data 1, data 1, data 1, data 1, data 1, data 2, data 2',
  ],
  [
    'a disk that is too slow is no fault of the client',
    two,
    'disk, disk, disk, disk, disk, disk',
    'data 1, data 1, data 1, data 1, data 1, data 1, error 0+failed',
  ],
  ['EDK2 only wants the size', sized, 'error 8', 'oack, probed'],
  ['Intel’s ROM only wants the size', sized, 'error 0', 'oack, probed'],
  ['pxelinux closes early', sized, 'ack 0, error 0', 'oack, data 1, closed'],
  ['EDK2 closes early', sized, 'ack 0, error 8', 'oack, data 1, closed'],
  ['a client whose disk is full has failed', two, 'error 3', 'data 1, failed'],
  ['a client that lost its place has failed', sized, 'error 5', 'oack, failed'],
  ['after the end nothing follows', two, 'error 0, ack 1, timeout, fault', 'data 1, closed, -, -, -'],
  ['other packets are not answered', two, 'data 1', 'data 1, -'],
  ['a fault is told and ends it', two, 'fault', 'data 1, error 0+failed'],
  ['a client that begins anew is told nothing', two, 'replaced', 'data 1, closed'],
  [
    'a window goes out at once, and is acknowledged by its last block',
    window4,
    'ack 0, ack 4, ack 8, ack 10',
    'oack, data 1-4, data 5-8, data 9-10, sent',
  ],
  ['an ACK inside the window starts behind the gap', window4, 'ack 0, ack 2', 'oack, data 1-4, data 3-6'],
  [
    'a repeated ACK says the window’s first block is lost',
    window4,
    'ack 0, ack 4, ack 4',
    'oack, data 1-4, data 5-8, data 5-8',
  ],
  ['but only once', window4, 'ack 0, ack 4, ack 4, ack 4', 'oack, data 1-4, data 5-8, data 5-8, -'],
  [
    'and not in the next window, so that repetitions die out',
    window4,
    'ack 0, ack 4, ack 4, ack 8, ack 8',
    'oack, data 1-4, data 5-8, data 5-8, data 9-10, -',
  ],
  [
    'a window of one block left has no gap',
    { sizeBytes: 512 * 4, options: { windowsize: 4 } },
    'ack 0, ack 4, ack 4',
    'oack, data 1-4, data 5, -',
  ],
  ['an old ACK is not answered', window4, 'ack 0, ack 4, ack 2', 'oack, data 1-4, data 5-8, -'],
  ['silence sends the whole window again', window4, 'ack 0, timeout', 'oack, data 1-4, data 1-4'],
];

describe('step', () => {
  test.each(RULES)('%s', (_rule, size, events, effects) => {
    expect(run(size, events)).toBe(effects);
  });

  test('waits 1, 2, 4, then 5 seconds; with a timeout option its own time first', () => {
    const waits = (options: Readonly<Record<string, number>>): number[] => {
      let [transfer] = start({ sizeBytes: 1, options });
      const deadlines = [transfer.deadlineMs];
      for (let i = 0; i < LIMITS.retransmissions; i += 1) {
        [transfer] = step(transfer, { kind: 'timeout', waitingFor: 'client', nowMs: 0 });
        deadlines.push(transfer.deadlineMs);
      }
      return deadlines;
    };
    expect(waits({})).toEqual([1000, 2000, 4000, 8000, 8000, 8000]);
    expect(waits({ timeout: 3 })).toEqual([3000, 6000, 8000, 8000, 8000, 8000]);
    expect(waits({ timeout: 20 })).toEqual([20000, 20000, 20000, 20000, 20000, 20000]);
  });

  test.each([
    [0, '65535 → 0 → 1', [65535, 0, 1]],
    [1, '65535 → 1 → 2', [65535, 1, 2]],
  ] as const)('with rollover %i the numbers go %s', (rollover, _numbers, expected) => {
    expect([65535, 65536, 65537].map((block) => wireNumber(block, rollover))).toEqual(expected);
    let [transfer] = start({ sizeBytes: 8 * 140_000, options: { blksize: 8, rollover } });
    [transfer] = step(transfer, parseEvent('ack', 0));
    for (let block = 1; block <= 140_001; block += 1) {
      const [next, effects] = step(transfer, parseEvent('ack', wireNumber(block, rollover)));
      if (next.acked !== block || effects.length !== 1) throw new Error(`block ${block} was not taken`);
      transfer = next;
    }
    expect(transfer.phase).toBe('ended');
    expect(ackedBytes(transfer)).toBe(8 * 140_000);
  });

  test('an ended transfer tells how much arrived', () => {
    const [first] = start({ sizeBytes: 1200 });
    const [second] = step(first, parseEvent('ack', 1));
    const [closed] = step(second, parseEvent('error', 0));
    expect(ackedBytes(closed)).toBe(512);
  });
});

describe('beginsAnew', () => {
  const [offered] = start(sized);
  const [moved] = step(start({ sizeBytes: 5000 })[0], parseEvent('ack', 1));
  const [silent] = step(moved, parseEvent('timeout', 0));
  test.each([
    ['the same request, nothing acknowledged: a repetition', offered, 'same', false],
    ['the same request, client alive: a late copy', moved, 'same', false],
    ['the same request, client silent: a reset machine', silent, 'same', true],
    ['another request after an offer: the probe’s ERROR was lost', offered, 'other', true],
    ['another request, client alive: a late copy', moved, 'other', false],
    ['another request, client silent', silent, 'other', true],
  ] as const)('%s', (_rule, transfer, request, expected) => {
    expect(beginsAnew(transfer, request)).toBe(expected);
  });
});

describe('whole transfers', () => {
  const SHAPES = [
    { sizeBytes: 0, options: {} },
    { sizeBytes: 511, options: {} },
    { sizeBytes: 512, options: {} },
    { sizeBytes: 5000, options: {} },
    { sizeBytes: 5000, options: { tsize: 0, blksize: 100 } },
    { sizeBytes: 20_000, options: { blksize: 500, windowsize: 4 } },
    { sizeBytes: 20_000, options: { blksize: 64, windowsize: 16 } },
    { sizeBytes: 64 * 16 * 4, options: { blksize: 64, windowsize: 16, tsize: 0 } },
  ];

  test.each(SHAPES)('arrive over a good channel, each block once: %o', (shape) => {
    const result = simulate({ ...shape, fates: [] });
    expect(result).toMatchObject({ outcome: 'sent', complete: true });
    expect(result.blocksSent).toBe(Math.floor(shape.sizeBytes / (shape.options.blksize ?? 512)) + 1);
  });

  const LOCKSTEP = SHAPES.filter(({ options }) => !('windowsize' in options));
  test.each(LOCKSTEP)('each block leaves once though every datagram is repeated: %o', (shape) => {
    const result = simulate({ ...shape, fates: Array<Fate>(10_000).fill('repeat') });
    expect(result).toMatchObject({ outcome: 'sent', complete: true });
    expect(result.blocksSent).toBe(Math.floor(shape.sizeBytes / (shape.options.blksize ?? 512)) + 1);
  });

  test('windows do not multiply when every datagram is repeated', () => {
    const shape = { sizeBytes: 64 * 16 * 40, options: { blksize: 64, windowsize: 16 } };
    const result = simulate({ ...shape, fates: Array<Fate>(100_000).fill('repeat') });
    expect(result).toMatchObject({ outcome: 'sent', complete: true });
    expect(result.blocksSent).toBeLessThan(641 * 2);
  });

  test('arrive whole over any channel that loses, repeats and reorders for a while', () => {
    const fate = fc.constantFrom<Fate>('pass', 'pass', 'lose', 'repeat', 'late');
    fc.assert(
      fc.property(fc.constantFrom(...SHAPES), fc.array(fate, { maxLength: 120 }), (shape, fates) => {
        expect(simulate({ ...shape, fates })).toMatchObject({ outcome: 'sent', complete: true });
      }),
      { numRuns: 500 },
    );
  });

  test('a client that vanishes is dropped, whenever it does', () => {
    fc.assert(
      fc.property(fc.constantFrom(...SHAPES), fc.nat({ max: 30 }), (shape, passed) => {
        const fates = [...Array<Fate>(passed).fill('pass'), ...Array<Fate>(5000).fill('lose')];
        expect(['sent', 'timed-out']).toContain(simulate({ ...shape, fates }).outcome);
      }),
    );
  });
});
