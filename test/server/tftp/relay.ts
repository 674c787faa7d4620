// A UDP relay that loses, repeats and reorders TFTP datagrams by a seeded die; it gives each server TID a port of its own.

import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';

export type RelaySetup = {
  readonly serverPort: number;
  readonly seed: number;
  /** The chance of each mishap, 0 to 1, for every datagram in both directions. */
  readonly mishap: number;
  /**
   * Whether RRQ, OACK and ACK 0 suffer too. Some clients repeat a request only after seconds; atftp cannot bear a second OACK,
   * so where the opening passes, one is all that passes.
   */
  readonly opening: 'suffer' | 'pass';
};

export type Relay = {
  readonly port: number;
  readonly counts: { passed: number; lost: number; repeated: number; late: number };
  close(): Promise<void>;
};

/** How long a late datagram waits where no later one overtakes it. */
const LATE_MS = 5;

type Send = (datagram: Buffer) => void;

/** Relays between clients on loopback and the server's port, until `close`. */
export async function startRelay(setup: RelaySetup): Promise<Relay> {
  const counts = { passed: 0, lost: 0, repeated: 0, late: 0 };
  const sockets = new Set<Socket>();
  const timers = new Set<NodeJS.Timeout>();
  const die = createDie(setup.seed);

  const bound = async (): Promise<Socket> => {
    const socket = createSocket('udp4');
    sockets.add(socket);
    const listening = once(socket, 'listening');
    socket.bind(0, '127.0.0.1');
    await listening;
    return socket;
  };
  /** One direction of one conversation: passes datagrams on to `send`, with mishaps. */
  const lane = (send: Send): Send => {
    let held: Buffer | undefined;
    const release = (): void => {
      const datagram = held;
      held = undefined;
      if (datagram !== undefined) send(datagram);
    };
    return (datagram) => {
      if (setup.opening === 'pass' && isOpening(datagram)) return send(datagram);
      const roll = die() / setup.mishap;
      if (roll < 1) return void (counts.lost += 1);
      if (roll >= 2 && roll < 3 && held === undefined) {
        counts.late += 1;
        held = datagram;
        const timer = setTimeout(() => (timers.delete(timer), release()), LATE_MS);
        timers.add(timer);
        return undefined;
      }
      send(datagram);
      counts[roll < 2 ? 'repeated' : 'passed'] += 1;
      if (roll < 2) send(datagram);
      return release();
    };
  };

  const front = await bound();
  const conversations = new Map<number, Promise<Send>>();
  const converse = async (clientPort: number): Promise<Send> => {
    const back = await bound();
    const tids = new Map<number, Promise<Send>>();
    const meet = async (tid: number): Promise<Send> => {
      const side = await bound();
      const up = lane((datagram) => back.send(datagram, tid, '127.0.0.1'));
      side.on('message', (datagram) => up(datagram));
      const down = lane((datagram) => side.send(datagram, clientPort, '127.0.0.1'));
      let offers = 0;
      return (datagram) => {
        if (datagram[1] === 6) offers += 1;
        if (datagram[1] !== 6 || offers === 1 || setup.opening === 'suffer') down(datagram);
      };
    };
    back.on('message', (datagram, { port }) => {
      if (!tids.has(port)) tids.set(port, meet(port));
      void tids.get(port)?.then((down) => down(datagram));
    });
    return lane((datagram) => back.send(datagram, setup.serverPort, '127.0.0.1'));
  };
  front.on('message', (datagram, { port }) => {
    if (!conversations.has(port)) conversations.set(port, converse(port));
    void conversations.get(port)?.then((up) => up(datagram));
  });

  return {
    port: front.address().port,
    counts,
    close: async () => {
      for (const timer of timers) clearTimeout(timer);
      await Promise.all([...conversations.values()]);
      await Promise.all([...sockets].map((socket) => new Promise<void>((resolve) => socket.close(() => resolve()))));
    },
  };
}

function isOpening(datagram: Buffer): boolean {
  const opcode = datagram[1];
  return opcode === 1 || opcode === 6 || (opcode === 4 && datagram.readUInt16BE(2) === 0);
}

/** Numbers from 0 to 1, the same for the same seed (a linear congruential generator, Numerical Recipes' constants). */
function createDie(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
