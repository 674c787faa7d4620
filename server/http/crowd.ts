// Who holds how many connections, so that one address cannot take them all. Knows no sockets and no clock.

export type CrowdRules<C> = {
  /** How many connections one address may hold. */
  readonly limit: number;
  /** Could this connection be ended without loss? */
  readonly isIdle: (connection: C) => boolean;
  readonly end: (connection: C) => void;
};

export type Crowd<C> = {
  /** Takes the connection in, in the place of an idle one where the address has its share; false: refused. */
  readonly admit: (address: string, connection: C) => boolean;
  readonly leave: (address: string, connection: C) => void;
  /** Counts a refusal; how many there have been, where it is time to say so: once a minute for each address. `now` in ms. */
  readonly complain: (address: string, now: number) => number | undefined;
};

const COMPLAINT_MS = 60_000;
/** An address that has been quiet for so long is forgotten, with what was not told of it. */
const FORGOTTEN_MS = 3_600_000;

type Complaint = { readonly at: number; refused: number };

/** A crowd that nobody has joined yet. */
export function createCrowd<C>({ limit, isIdle, end }: CrowdRules<C>): Crowd<C> {
  const held = new Map<string, Set<C>>();
  const complaints = new Map<string, Complaint>();
  const leave = (address: string, connection: C): void => {
    const of = held.get(address);
    of?.delete(connection);
    if (of?.size === 0) held.delete(address);
  };
  return {
    leave,
    admit: (address, connection) => {
      const of = held.get(address) ?? new Set();
      if (of.size >= limit) {
        const idle = [...of].find(isIdle);
        if (idle === undefined) return false;
        of.delete(idle);
        end(idle);
      }
      held.set(address, of.add(connection));
      return true;
    },
    complain: (address, now) => {
      const last = complaints.get(address);
      if (last !== undefined && now - last.at < COMPLAINT_MS) {
        last.refused += 1;
        return undefined;
      }
      for (const [one, { at }] of complaints) if (now - at >= FORGOTTEN_MS) complaints.delete(one);
      complaints.set(address, { at: now, refused: 0 });
      return (last?.refused ?? 0) + 1;
    },
  };
}
