// Which messages are taken up: a client's repetition, a client gone mad and a flood are let go before they cost anything. Pure.

import type { MacAddress } from '../address.ts';
import type { DhcpLimits } from './limits.ts';
import { macLimiter } from './limits.ts';
import type { DhcpRequest } from './types.ts';

/** Why a message was let go. */
export type Refusal = 'repeated' | 'too-often' | 'overloaded';

export type Admission = {
  /** Takes a question up, to be ended by `leave`; or says why not. `known`: of a host of the site. */
  enter(request: DhcpRequest, asker: { readonly known: boolean; readonly now: number }): Refusal | undefined;
  leave(request: DhcpRequest, asker: { readonly known: boolean }): void;
};

/** Keeps count of what is in hand. */
export function admission(limits: DhcpLimits): Admission {
  const inHand = new Set<string>();
  const mayAsk = macLimiter(limits);
  let strangers = 0;
  return {
    enter: (request, { known, now }) => {
      const key = keyOf(request);
      // It was impatient: the answer to its first message is on its way.
      if (inHand.has(key)) return 'repeated';
      if (!mayAsk(request.mac, now)) return 'too-often';
      if (inHand.size >= limits.inFlight || (!known && strangers >= limits.strangersInFlight)) return 'overloaded';
      inHand.add(key);
      if (!known) strangers += 1;
      return undefined;
    },
    leave: (request, { known }) => {
      inHand.delete(keyOf(request));
      if (!known) strangers -= 1;
    },
  };
}

function keyOf({ mac, type }: { readonly mac: MacAddress; readonly type: string }): string {
  return `${mac} ${type}`;
}
