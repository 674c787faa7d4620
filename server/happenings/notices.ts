// What the appliance noticed and nobody else keeps: the newest, in memory, until it stops. Pure but for what it remembers.

import { oneLine } from '../printable.ts';
import type { Happening } from './happening.ts';
import { LETTERS } from './words.ts';

export type Notice = Pick<Happening, 'kind' | 'what' | 'detail' | 'outcome'>;

export type Notices = {
  readonly add: (notice: Notice) => void;
  readonly list: () => readonly Happening[];
};

const KEPT = 200;

/** None yet. `now` is ms since 1970. */
export function openNotices(now: () => number): Notices {
  const kept: Happening[] = [];
  // Another appliance's over the same data, before this one, had other numbers.
  let number = now();
  return {
    add: (notice) => {
      number += 1;
      kept.push({ id: `${LETTERS.notice}${number}`, at: now(), about: {}, ...notice });
      if (kept.length > KEPT) kept.shift();
    },
    list: () => [...kept],
  };
}

/** Only how many problems and where the first is: their texts may hold what was typed into the wrong place. */
export function siteRefused(
  problems: readonly { readonly path: string; readonly line?: number | undefined }[],
): Notice {
  const [first] = problems;
  const line = first?.line === undefined ? '' : `, line ${first.line}`;
  const where = first === undefined ? '' : `, the first at ${first.path === '' ? 'its top' : first.path}${line}`;
  const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`;
  return {
    kind: 'site',
    what: 'site refused',
    detail: `${count}${where}; the last good one goes on`,
    outcome: 'wrong',
  };
}

/** Another server that answers machines on this wire. */
export function rogueHeard(rogue: {
  readonly kind: 'dhcp' | 'boot';
  readonly server: string;
  readonly evidence: string;
}) {
  const what = rogue.kind === 'dhcp' ? 'another DHCP server' : 'another boot server';
  const notice: Notice = {
    kind: 'dhcp',
    what,
    detail: oneLine(`${rogue.server}: ${rogue.evidence}`),
    outcome: 'wrong',
  };
  return notice;
}
