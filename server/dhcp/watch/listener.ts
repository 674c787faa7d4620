// Keeps an ear open for other DHCP and boot servers while this one serves: asks again every so often, and reports whom it has not reported.

import type { Ipv4 } from '../../address.ts';
import type { Log } from '../../log.ts';
import { messageOf } from '../../malformed.ts';
import type { Rogue } from '../rogues.ts';
import { rogueWatch } from '../rogues.ts';
import { describeServer, type OtherServer } from '../wire/offers.ts';

export type WatchSetup = {
  readonly mode: 'proxy' | 'server';
  readonly find: (signal: AbortSignal) => Promise<readonly OtherServer[]>;
  readonly everyMs: number;
  readonly onRogue: (rogue: Rogue) => void;
  readonly log: Log;
};

/** Beside a proxy other servers are as it should be, but not other boot files; beside a server, neither. */
export class OthersWatch {
  readonly #setup: WatchSetup;
  /** What answered our own question, and what a client said: anybody can say so, and must not drown the others. */
  readonly #heard = rogueWatch();
  readonly #said = rogueWatch();
  #timer: NodeJS.Timeout | undefined;
  #asking: Promise<void> | undefined;
  readonly #ending = new AbortController();

  constructor(setup: WatchSetup) {
    this.#setup = setup;
  }

  /** Asks after `firstMs`, then every `everyMs` until `close`. */
  start(firstMs: number): void {
    this.#timer = setTimeout(() => void this.#ask(), firstMs).unref();
  }

  /** A client took the offer of `server`: as it should be beside a proxy. */
  taken(server: Ipv4, mac: string, now: number): void {
    if (this.#setup.mode === 'server')
      this.#tell(this.#said({ server, kind: 'dhcp', evidence: `${mac} took its offer` }, now));
  }

  /** What another server answered. */
  offered(found: OtherServer, now: number): void {
    const { server } = found;
    if (found.bootFile !== undefined) {
      const evidence = `another boot server answers: ${describeServer(found)}`;
      this.#tell(this.#heard({ server, kind: 'boot', evidence }, now));
    }
    if (this.#setup.mode === 'server' && found.offered !== undefined) {
      const evidence = `another DHCP server answers: ${describeServer(found)}`;
      this.#tell(this.#heard({ server, kind: 'dhcp', evidence }, now));
    }
  }

  async close(): Promise<void> {
    this.#ending.abort();
    clearTimeout(this.#timer);
    await this.#asking;
  }

  async #ask(): Promise<void> {
    this.#asking = this.#askOnce();
    await this.#asking;
    if (!this.#ending.signal.aborted) this.start(this.#setup.everyMs);
  }

  async #askOnce(): Promise<void> {
    try {
      for (const found of await this.#setup.find(this.#ending.signal)) this.offered(found, Date.now());
    } catch (error) {
      this.#setup.log.warn('other DHCP servers could not be looked for', { reason: messageOf(error) });
    }
  }

  #tell(rogue: Rogue | undefined): void {
    if (rogue === undefined || this.#ending.signal.aborted) return;
    this.#setup.log.warn('another server on this wire', { ...rogue });
    this.#setup.onRogue(rogue);
  }
}
