// Whether anybody answers at an address: one datagram to its discard port makes the kernel ask by ARP, and its table tells who said "I".

import { createSocket, type Socket } from 'node:dgram';
import { readFile } from 'node:fs/promises';

import type { Ipv4, MacAddress } from '../../address.ts';
import type { Log } from '../../log.ts';
import { codeOf, messageOf } from '../../malformed.ts';
import type { ProbeResult } from '../exchange.ts';
import { readArpTable } from './arp.ts';

export type ProbeSetup = {
  /** The address of the interface that the probed network is on. */
  readonly from: Ipv4;
  /** How long silence must last to mean that nobody is there. */
  readonly timeoutMs: number;
  /** Probes at once; above, the answer is `unprobed`. */
  readonly limit: number;
  readonly log: Log;
};

/** `asker` may have the address. `holder` had it by our own lease: that the kernel remembers it there proves nothing. */
export type ProbeQuestion = {
  readonly address: Ipv4;
  readonly asker: MacAddress;
  readonly holder: MacAddress | undefined;
};
/** RFC 863. Nobody listens there; what comes back is an ICMP error, from a live machine without a firewall. */
const DISCARD_PORT = 9;
const LOOK_EVERY_MS = 40;
const ARP_TABLE = '/proc/net/arp';

type Probe = ProbeQuestion & {
  readonly socket: Socket;
  readonly deadline: number;
  /** Whose entry in the table is no proof. */
  excused: readonly MacAddress[];
  done: boolean;
};

/**
 * Probes addresses of one directly attached network; many at once, none waits for another. A machine is noticed by its ARP
 * answer, which no firewall for IP suppresses, or by the ICMP error of its closed port. An entry that was in the table before
 * counts too: a machine that was not given the address has spoken from it. The former holder's does not: the kernel keeps
 * entries for long after the machine is gone.
 */
export class AddressProber {
  readonly #setup: ProbeSetup;
  readonly #waiting = new Map<Probe, (result: ProbeResult) => void>();
  #timer: NodeJS.Timeout | undefined;
  #looking = false;
  #closed = false;

  constructor(setup: ProbeSetup) {
    this.#setup = setup;
  }

  /** Never rejects: what cannot be probed is `unprobed`. */
  probe(question: ProbeQuestion): Promise<ProbeResult> {
    if (this.#closed || this.#waiting.size >= this.#setup.limit) return Promise.resolve({ kind: 'unprobed' });
    const socket = createSocket('udp4');
    const deadline = performance.now() + this.#setup.timeoutMs;
    const probe: Probe = { ...question, socket, deadline, excused: [question.asker], done: false };
    return new Promise((resolve) => {
      this.#waiting.set(probe, resolve);
      socket.on('error', (error) => this.#failed(probe, error));
      void this.#start(probe);
    });
  }

  /** Ends all probes as `unprobed`. */
  close(): void {
    this.#closed = true;
    for (const probe of this.#waiting.keys()) this.#end(probe, { kind: 'unprobed' });
  }

  async #start(probe: Probe): Promise<void> {
    const before = (await this.#table()).get(probe.address) ?? [];
    if (probe.done) return;
    if (probe.holder !== undefined && before.includes(probe.holder)) probe.excused = [probe.asker, probe.holder];
    probe.socket.bind({ port: 0, address: this.#setup.from, exclusive: true }, () => this.#ask(probe));
    this.#timer ??= setInterval(() => void this.#look(), LOOK_EVERY_MS);
  }

  #ask(probe: Probe): void {
    if (probe.done) return;
    // Connected, so that the kernel hands ICMP errors to this socket (udp(7)).
    probe.socket.connect(DISCARD_PORT, probe.address, () => {
      if (!probe.done) probe.socket.send(new Uint8Array(1), (error) => error && this.#failed(probe, error));
    });
  }

  /** "Port unreachable" or a firewall's refusal: a live machine's word. Whose it is, the table knows. */
  #failed(probe: Probe, error: Error): void {
    const code = codeOf(error);
    if (code === 'ECONNREFUSED' || code === 'EHOSTUNREACH') {
      void this.#whoRefused(probe, code);
      return;
    }
    this.#setup.log.debug('dhcp address not probed', { address: probe.address, reason: messageOf(error) });
    this.#end(probe, { kind: 'unprobed' });
  }

  async #whoRefused(probe: Probe, code: 'ECONNREFUSED' | 'EHOSTUNREACH'): Promise<void> {
    const macs = (await this.#table()).get(probe.address) ?? [];
    // Without an entry it is the end of an older, vain ARP request of this kernel: silence, which `#look` judges in time.
    if (code === 'EHOSTUNREACH' && macs.length === 0) return;
    if (macs.includes(probe.asker)) this.#end(probe, { kind: 'free' });
    else this.#end(probe, { kind: 'in-use', by: macs[0] });
  }

  async #look(): Promise<void> {
    if (this.#looking) return;
    this.#looking = true;
    const asked = [...this.#waiting.keys()];
    const table = await this.#table();
    const now = performance.now();
    for (const probe of asked) {
      const by = table.get(probe.address)?.find((mac) => !probe.excused.includes(mac));
      if (by !== undefined) this.#end(probe, { kind: 'in-use', by });
      else if (now >= probe.deadline) this.#end(probe, { kind: 'free' });
    }
    this.#looking = false;
  }

  async #table(): Promise<ReadonlyMap<string, readonly MacAddress[]>> {
    try {
      return readArpTable(await readFile(ARP_TABLE, 'utf8'));
    } catch (error) {
      this.#setup.log.debug('the ARP table cannot be read', { reason: messageOf(error) });
      return new Map();
    }
  }

  #end(probe: Probe, result: ProbeResult): void {
    if (probe.done) return;
    probe.done = true;
    const resolve = this.#waiting.get(probe);
    this.#waiting.delete(probe);
    probe.socket.close();
    if (this.#waiting.size === 0) {
      clearInterval(this.#timer);
      this.#timer = undefined;
    }
    resolve?.(result);
  }
}
