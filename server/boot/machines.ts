// Who was last seen at which address, and what it loaded there: a bounded memory that helps to read the next question. It decides no
// install: all that is told here can be forged, so a question that does not tell its MAC is read by it only where nothing contradicts.

import type { MacAddress } from '../address.ts';
import type { Firmware } from '../domain.ts';
import { generations } from '../generations.ts';

/** A machine as its earlier questions show it. Times are ms since 1970. */
export type SeenMachine = {
  readonly mac: MacAddress | undefined;
  readonly uuid: string | undefined;
  readonly firmware: Firmware | undefined;
  /** The last loader it was given. */
  readonly loaded: LoadedFile | undefined;
  readonly at: number;
  /** When its MAC was told last; and when another one was told for the same address while this one, or that one, was remembered. */
  readonly toldAt: number | undefined;
  readonly contestedAt: number | undefined;
};

/** A loader that was given: its name, and the tree it belongs to (undefined: it is this system's). */
export type LoadedFile = { readonly file: string; readonly tree: string | undefined };

/** What DHCP tells of a machine. */
export type MachineFacts = Pick<SeenMachine, 'mac' | 'uuid' | 'firmware'>;

export type Machines = {
  /** The machine last seen at `address`; undefined where none was in the last half hour. */
  at(address: string): SeenMachine | undefined;
  /**
   * Who asks at `address` by a name that is not its MAC: the machine that told it a moment ago. Undefined where two claim the
   * address: it was leased to another one meanwhile, or a stranger would have its boot answered by another host's install.
   */
  asker(address: string): SeenMachine | undefined;
  /** A machine told who it is. Another one at an address takes nothing over from the one before. */
  learn(address: string, facts: MachineFacts): void;
  loaded(address: string, file: LoadedFile): void;
  /** Something came from `address` that tells nothing of who it is. */
  heardOf(address: string): void;
};

/** As long as a boot may take; an address may be another machine's after that. */
const REMEMBERED_MS = 30 * 60_000;
/** From the DHCP answer to a loader's question for its configuration: minutes, over a slow TFTP. */
const TOLD_MS = 10 * 60_000;
/** More machines than one network boots at a time; beyond it those not heard of for longest are forgotten. */
const LIMIT = 20_000;

/** An empty memory. `now` is ms since 1970. */
export function rememberMachines(now: () => number): Machines {
  const byAddress = generations<SeenMachine>(LIMIT);
  const find = (address: string): SeenMachine | undefined => {
    const seen = byAddress.get(address);
    return seen !== undefined && now() - seen.at < REMEMBERED_MS ? seen : undefined;
  };
  return {
    at: find,
    asker: (address) => {
      const seen = find(address);
      const isTold = seen?.toldAt !== undefined && now() - seen.toldAt < TOLD_MS;
      return isTold && !isWithin(seen.contestedAt, now()) ? seen : undefined;
    },
    learn: (address, facts) => {
      const before = find(address);
      const same = before?.mac === undefined || before.mac === facts.mac ? before : undefined;
      const isAnother = same === undefined && before !== undefined && facts.mac !== undefined;
      byAddress.set(address, {
        mac: facts.mac ?? same?.mac,
        uuid: facts.uuid ?? same?.uuid,
        firmware: facts.firmware ?? same?.firmware,
        loaded: same?.loaded,
        at: now(),
        toldAt: facts.mac === undefined ? same?.toldAt : now(),
        contestedAt: isAnother ? now() : before?.contestedAt,
      });
    },
    loaded: (address, loaded) => {
      byAddress.set(address, { ...(find(address) ?? NOBODY), loaded, at: now() });
    },
    heardOf: (address) => {
      const seen = find(address);
      if (seen !== undefined) byAddress.set(address, { ...seen, at: now() });
    },
  };
}

const NOBODY = { mac: undefined, uuid: undefined, firmware: undefined, toldAt: undefined, contestedAt: undefined };

function isWithin(at: number | undefined, now: number): boolean {
  return at !== undefined && now - at < REMEMBERED_MS;
}
