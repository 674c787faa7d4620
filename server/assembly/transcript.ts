// Who boots, and what every stage of it was: the memory of machines joined to the doctor's stage log.

import { rememberMachines } from '../boot/machines.ts';
import type { Machines } from '../boot/machines.ts';
import { machinesOf } from '../boot/query.ts';
import type { Rogue } from '../dhcp/rogues.ts';
import { throttle } from '../hosts/throttle.ts';
import type { NoteStage } from '../stages.ts';
import type { House } from './house.ts';

/** What the appliance follows of boots. */
export type Transcript = {
  readonly machines: Machines;
  readonly note: NoteStage;
  /** Other DHCP and boot servers noticed of late; the newest last, and only so many. */
  readonly rogues: { readonly add: (rogue: Rogue) => void; readonly list: () => readonly Rogue[] };
};

/** A thousand hosts that boot at once stay below it. Strangers have room of their own, so that they cannot push hosts' out. */
const STAGES_PER_SECOND = { hosts: 2000, strangers: 200 } as const;
/** What an address did before its MAC was known is that machine's own, if it was no longer ago than this. */
const SAME_BOOT_MS = 10 * 60_000;
/** For the page and /healthz; the log has them all. Who still answers is reported anew each hour, when it is looked for next. */
const ROGUES_SHOWN = 20;
const ROGUE_SHOWN_MS = 80 * 60_000;

/** The transcript of the open house. */
export function openTranscript(house: Pick<House, 'now' | 'site' | 'stages'>): Transcript {
  const machines = rememberMachines(house.now);
  const mayNote = { hosts: throttle(STAGES_PER_SECOND.hosts), strangers: throttle(STAGES_PER_SECOND.strangers) };
  const rogues = new Map<string, { readonly rogue: Rogue; readonly at: number }>();
  return {
    rogues: {
      add: (rogue) => {
        const key = `${rogue.kind} ${rogue.server}`;
        rogues.delete(key);
        rogues.set(key, { rogue, at: house.now() });
        const [oldest] = rogues.keys();
        if (rogues.size > ROGUES_SHOWN && oldest !== undefined) rogues.delete(oldest);
      },
      list: () => [...rogues.values()].filter(({ at }) => house.now() - at < ROGUE_SHOWN_MS).map(({ rogue }) => rogue),
    },
    machines: {
      ...machines,
      learn: (address, facts) => {
        const before = machines.at(address)?.mac;
        machines.learn(address, facts);
        if (facts.mac !== undefined && facts.mac !== before)
          house.stages.rekey(address, facts.mac, house.now() - SAME_BOOT_MS);
      },
    },
    note: (machine, stage) => {
      const at = house.now();
      const { address } = machine;
      const mac = machine.mac ?? (address === undefined ? undefined : machines.at(address)?.mac);
      // Of a machine without a MAC the address tells: before DHCP or a script named it, the plan's is the best there is.
      const whose = machinesOf(house.site()).has(mac ?? address ?? '') ? 'hosts' : 'strangers';
      if (mayNote[whose](at)) house.stages.note({ mac, address }, stage, at);
    },
  };
}
