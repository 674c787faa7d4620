// The TFTP port: admits read requests to sessions within limits, answers everything else shortly, and survives any datagram.

import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';

import type { Log } from '../log.ts';
import { Malformed, messageOf } from '../malformed.ts';
import { formatOptions } from './options.ts';
import { decode, encode, ERROR_CODE, type Packet, type Request } from './packet.ts';
import { Session } from './session/listener.ts';
import type { TftpClient, TftpEvent, TftpLimits, TftpOpen } from './types.ts';

export type TftpSetup = {
  readonly address: string;
  /** 0: any free port. */
  readonly port: number;
  readonly open: TftpOpen;
  readonly log: Log;
  /** Told each request's outcome, once. Repeated requests and malformed datagrams are none. */
  readonly onEvent: (event: TftpEvent) => void;
  /** What differs from `DEFAULT_TFTP_LIMITS`. */
  readonly limits?: Partial<TftpLimits>;
};

export type TftpListener = {
  readonly port: number;
  /** How many transfers are under way. */
  sessions(): number;
  close(): Promise<void>;
};

export const DEFAULT_TFTP_LIMITS: TftpLimits = {
  // 1500 (Ethernet) - 20 (IPv4) - 8 (UDP) - 4 (TFTP): what EDK2 asks for, and never a fragment.
  blksize: 1468,
  windowsize: 64,
  timeoutSeconds: 30,
  retransmitMs: 1000,
  // Above the 5 s that clients wait (atftp, curl): each datagram starts their wait anew, so a shorter cap never lets them speak.
  retransmitCapMs: 8000,
  retransmissions: 5,
  sessions: 2000,
  // Clients behind one address (a relay, a NAT) are many; one gone mad leaves room for the others.
  sessionsPerClient: 250,
  openMs: 10_000,
  closeMs: 0,
};

/**
 * Listens on `address:port` until `close`. Rejects where the port cannot be had. `close` takes no more requests, leaves transfers
 * `closeMs` to finish, then ends them, telling the clients, and resolves when sockets and files are closed (files that hang are waited
 * for no longer than `openMs`).
 */
export async function startTftpListener(setup: TftpSetup): Promise<TftpListener> {
  const socket = createSocket(setup.address.includes(':') ? 'udp6' : 'udp4');
  const listening = once(socket, 'listening');
  socket.bind({ port: setup.port, address: setup.address, exclusive: true });
  try {
    await listening;
  } catch (error) {
    socket.close();
    throw new Error(`TFTP cannot listen on ${setup.address} port ${setup.port}`, { cause: error });
  }
  const port = new TftpPort(socket, setup);
  return { port: socket.address().port, sessions: () => port.sessions, close: () => port.close() };
}

const NOTHING_SENT = { bytes: 0, durationMs: 0, retransmits: 0 };

/** Holds the socket and the sessions, by client address and port. */
class TftpPort {
  readonly #socket: Socket;
  readonly #setup: TftpSetup;
  readonly #limits: TftpLimits;
  readonly #sessions = new Map<string, Session>();
  readonly #sessionsOf = new Map<string, number>();
  readonly #closing = new Set<Promise<void>>();
  #closed: Promise<void> | undefined;

  constructor(socket: Socket, setup: TftpSetup) {
    this.#socket = socket;
    this.#setup = setup;
    this.#limits = { ...DEFAULT_TFTP_LIMITS, ...setup.limits };
    socket.on('message', (datagram, from) => this.#receive(datagram, from));
    socket.on('error', (error) => setup.log.error('tftp socket error', { reason: messageOf(error) }));
  }

  get sessions(): number {
    return this.#sessions.size;
  }

  close(): Promise<void> {
    this.#closed ??= this.#closeAll();
    return this.#closed;
  }

  async #closeAll(): Promise<void> {
    const socketClosed = once(this.#socket, 'close');
    this.#socket.close();
    await socketClosed;
    if (this.#limits.closeMs > 0) await this.#settled(this.#limits.closeMs);
    for (const session of this.#sessions.values()) session.stop();
    await this.#settled(this.#limits.openMs);
  }

  /** Resolves when every session is closed, or when `withinMs` has passed. */
  async #settled(withinMs: number): Promise<void> {
    const patience = Promise.withResolvers<void>();
    const timer = setTimeout(patience.resolve, withinMs);
    await Promise.race([Promise.all(this.#closing), patience.promise]);
    clearTimeout(timer);
  }

  #receive(datagram: Buffer, from: RemoteInfo): void {
    // A forged source port 0 cannot be answered: the socket refuses to send there.
    if (from.port === 0) return;
    const client: TftpClient = { address: from.address, port: from.port };
    const packet = this.#decode(datagram, client);
    // Anything but a request belongs to no transfer here; an answer would only invite another.
    if (packet?.kind === 'rrq') this.#admit(packet, client);
    else if (packet?.kind === 'wrq') this.#refuseWrite(packet, client);
  }

  #decode(datagram: Buffer, client: TftpClient): Packet | undefined {
    try {
      return decode(datagram);
    } catch (error) {
      if (!(error instanceof Malformed)) throw error;
      this.#setup.log.debug('tftp datagram malformed', { ...client, reason: error.message });
      const isRequest = datagram[0] === 0 && (datagram[1] === 1 || datagram[1] === 2);
      if (isRequest) this.#sendError(client, ERROR_CODE.illegalOperation, error.message);
      return undefined;
    }
  }

  #admit(request: Request, client: TftpClient): void {
    const key = `${client.address} ${client.port}`;
    if (this.#sessions.get(key)?.repeat(request) === 'repeated') return;
    const held = this.#sessionsOf.get(client.address) ?? 0;
    if (this.#sessions.size >= this.#limits.sessions || held >= this.#limits.sessionsPerClient) {
      this.#refuse(request, client, { code: ERROR_CODE.undefined, reason: 'too many transfers, try again later' });
      return;
    }
    this.#sessionsOf.set(client.address, held + 1);
    const session = new Session({
      request,
      client,
      localAddress: this.#socket.address().address,
      open: this.#setup.open,
      limits: this.#limits,
      log: this.#setup.log,
      refuse: ({ code, message }) => this.#sendError(client, code, message),
      onEnd: (event) => this.#forget(key, event),
    });
    this.#sessions.set(key, session);
    this.#closing.add(session.closed);
    void session.closed.then(() => this.#closing.delete(session.closed));
  }

  #forget(key: string, event: TftpEvent): void {
    this.#sessions.delete(key);
    const { address } = event.client;
    const held = (this.#sessionsOf.get(address) ?? 1) - 1;
    if (held === 0) this.#sessionsOf.delete(address);
    else this.#sessionsOf.set(address, held);
    this.#report(event);
  }

  #refuseWrite(request: Request, client: TftpClient): void {
    this.#refuse(request, client, { code: ERROR_CODE.accessViolation, reason: 'this server takes no files' });
  }

  #refuse(request: Request, client: TftpClient, { code, reason }: { code: number; reason: string }): void {
    this.#sendError(client, code, reason);
    const { name } = request;
    const asked = formatOptions(request.options);
    this.#report({ client, name, outcome: 'refused', ...NOTHING_SENT, asked, options: '', reason });
  }

  #report(event: TftpEvent): void {
    const { client, ...facts } = event;
    const unwell = event.outcome === 'failed' || event.outcome === 'timed-out';
    this.#setup.log[unwell ? 'warn' : 'debug']('tftp request ended', { ...client, ...facts });
    this.#setup.onEvent(event);
  }

  #sendError(client: TftpClient, code: number, message: string): void {
    if (this.#closed !== undefined) return;
    // What cannot be sent is as good as lost; the client asks again.
    this.#socket.send(encode({ kind: 'error', code, message }), client.port, client.address, (error) => {
      if (error !== null) this.#setup.log.debug('tftp answer not sent', { ...client, reason: messageOf(error) });
    });
  }
}
