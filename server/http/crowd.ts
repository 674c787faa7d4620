// Who holds how many connections, so that neither one address nor many together can take them all. Knows no sockets and no clock.

export type CrowdRules<C> = {
  /** How many connections one address may hold. */
  readonly limit: number;
  /** How many all of them may hold. */
  readonly total: number;
  /** Could this connection be ended without loss? */
  readonly isIdle: (connection: C) => boolean;
  /** Has it never said a word? It may be about to: it gives way only where there is no room for anybody. */
  readonly isSilent: (connection: C) => boolean;
  readonly end: (connection: C) => void;
};

export type Crowd<C> = {
  /**
   * Takes the connection in; false: refused. Where the address has its share an idle one of its own gives way; where nobody has room any
   * more, an idle or silent one of an address that holds more than this one does.
   */
  readonly admit: (address: string, connection: C) => boolean;
  readonly leave: (address: string, connection: C) => void;
  /** Counts a refusal; how many there have been, where it is time to say so: once a minute for each address. `now` in ms. */
  readonly complain: (address: string, now: number) => number | undefined;
};

/** Of how many of the largest holders somebody is looked for who gives way. */
const HOLDERS_ASKED = 4;

/** A crowd that nobody has joined yet. */
export function createCrowd<C>({ limit, total, isIdle, isSilent, end }: CrowdRules<C>): Crowd<C> {
  const { of, add, remove, size, largest } = createHoldings<C>();
  const giveWay = (address: string, connection: C): void => {
    remove(address, connection);
    end(connection);
  };
  const makeRoom = (own: number): boolean => {
    for (const [address, held] of largest(HOLDERS_ASKED)) {
      if (held.size <= own) return false;
      const found = [...held].find((one) => isIdle(one) || isSilent(one));
      if (found === undefined) continue;
      giveWay(address, found);
      return true;
    }
    return false;
  };
  return {
    leave: remove,
    admit: (address, connection) => {
      const held = of(address);
      if (held.size >= limit) {
        const idle = [...held].find(isIdle);
        if (idle === undefined) return false;
        giveWay(address, idle);
      }
      if (size() >= total && !makeRoom(of(address).size)) return false;
      add(address, connection);
      return true;
    },
    complain: countComplaints(),
  };
}

/** The connections of each address, and the addresses by how many they hold. */
function createHoldings<C>() {
  const held = new Map<string, Set<C>>();
  const bySize: Set<string>[] = [];
  let count = 0;
  const of = (address: string): ReadonlySet<C> => held.get(address) ?? new Set<C>();
  const moved = (address: string, from: number, to: number): void => {
    bySize[from]?.delete(address);
    if (to > 0) (bySize[to] ??= new Set()).add(address);
    while (bySize.length > 0 && (bySize.at(-1)?.size ?? 0) === 0) bySize.pop();
    count += to - from;
  };
  return {
    of,
    size: () => count,
    add: (address: string, connection: C): void => {
      const own = held.get(address) ?? new Set<C>();
      const before = own.size;
      held.set(address, own.add(connection));
      moved(address, before, own.size);
    },
    remove: (address: string, connection: C): void => {
      const own = held.get(address);
      if (own?.delete(connection) !== true) return;
      if (own.size === 0) held.delete(address);
      moved(address, own.size + 1, own.size);
    },
    /** At most `most` of them, those that hold most first. */
    largest: (most: number): readonly (readonly [string, ReadonlySet<C>])[] => {
      const found: (readonly [string, ReadonlySet<C>])[] = [];
      for (let size = bySize.length - 1; size > 0; size -= 1) {
        for (const address of bySize[size] ?? []) {
          if (found.length === most) return found;
          found.push([address, of(address)]);
        }
      }
      return found;
    },
  };
}

const COMPLAINT_MS = 60_000;
/** An address that has been quiet for so long is forgotten, with what was not told of it. */
const FORGOTTEN_MS = 3_600_000;

type Complaint = { readonly at: number; refused: number };

function countComplaints(): (address: string, now: number) => number | undefined {
  const complaints = new Map<string, Complaint>();
  return (address, now) => {
    const last = complaints.get(address);
    if (last !== undefined && now - last.at < COMPLAINT_MS) {
      last.refused += 1;
      return undefined;
    }
    for (const [one, { at }] of complaints) if (now - at >= FORGOTTEN_MS) complaints.delete(one);
    complaints.set(address, { at: now, refused: 0 });
    return (last?.refused ?? 0) + 1;
  };
}
