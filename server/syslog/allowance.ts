// How many messages a second one sender may have taken: the rest is counted and let go. Pure: `now` is handed in.

import { generations } from '../generations.ts';

/**
 * May this message be taken? `missed`: how many before it were not, since the last that was.
 */
export type Allowance = (address: string, now: number) => { readonly taken: boolean; readonly missed: number };

type Budget = { second: number; used: number; missed: number };

/** More senders than install at one time; those not heard of for longest are forgotten. */
const SENDERS = 2000;

/** `perSecond` messages of each address in each second of `now` (ms since 1970). */
export function allowances(perSecond: number): Allowance {
  const budgets = generations<Budget>(SENDERS);
  return (address, now) => {
    const second = Math.floor(now / 1000);
    const budget = budgets.get(address) ?? { second, used: 0, missed: 0 };
    if (budget.second !== second) [budget.second, budget.used] = [second, 0];
    const taken = budget.used < perSecond;
    const { missed } = budget;
    budget.used += taken ? 1 : 0;
    budget.missed = taken ? 0 : missed + 1;
    budgets.set(address, budget);
    return { taken, missed: taken ? missed : 0 };
  };
}
