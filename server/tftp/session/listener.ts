// One transfer at the edge: its own socket (its TID), timer and open file; what to do is decided by transfer.ts.

import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';

import type { Log } from '../../log.ts';
import { Malformed, messageOf } from '../../malformed.ts';
import { Frames } from '../frames.ts';
import { formatOptions, negotiate } from '../options.ts';
import { decode, encode, ERROR_CODE, type Failure, type Packet, type Request } from '../packet.ts';
import { ackedBytes, begin, beginsAnew, step, type Effect, type Transfer, type TransferEvent } from '../transfer.ts';
import type { TftpClient, TftpEvent, TftpFile, TftpLimits, TftpOpen } from '../types.ts';

export type SessionSetup = {
  readonly request: Request;
  readonly client: TftpClient;
  /** The address that the request came to, or `0.0.0.0`: the session answers from it, on a port of its own. */
  readonly localAddress: string;
  readonly open: TftpOpen;
  readonly limits: TftpLimits;
  readonly log: Log;
  /** Answers from the port that the request came to: there is no other socket yet. */
  readonly refuse: (failure: Failure) => void;
  /** Called once, as soon as the outcome is known. */
  readonly onEnd: (event: TftpEvent) => void;
};

type OnSent = (error: Error | null) => void;

/** From a read request to its outcome. Nothing that a client sends, or does not send, makes it throw. */
export class Session {
  /** Resolves when the outcome is known and the socket and the file are closed; never rejects. */
  readonly closed: Promise<void>;
  readonly #setup: SessionSetup;
  readonly #startedMs = performance.now();
  readonly #over = Promise.withResolvers<void>();
  #ended = false;
  #socket: Socket | undefined;
  #frames: Frames | undefined;
  #transfer: Transfer | undefined;
  #wanted: { from: number; to: number } | undefined;
  #reading = false;
  #lastSendError = '';
  #timer: NodeJS.Timeout | undefined;
  #timerAtMs = Number.POSITIVE_INFINITY;

  constructor(setup: SessionSetup) {
    this.#setup = setup;
    this.#watch(this.#deadlineMs());
    this.closed = this.#run().catch((error: unknown) => {
      setup.log.warn('tftp file did not close', { name: setup.request.name, reason: messageOf(error) });
    });
  }

  /** Another request came from this client's port. `anew`: this session has ended; `repeated`: ignore the request. */
  repeat(request: Request): 'anew' | 'repeated' {
    if (this.#transfer === undefined) return 'repeated';
    const same = JSON.stringify(request) === JSON.stringify(this.#setup.request) ? 'same' : 'other';
    if (!beginsAnew(this.#transfer, same)) return 'repeated';
    this.#advance({ kind: 'replaced' });
    return 'anew';
  }

  /** Ends the session, telling the client. */
  stop(): void {
    const reason = 'the server is stopping';
    if (this.#transfer === undefined) this.#end('failed', reason);
    else this.#advance({ kind: 'fault', reason, told: reason });
  }

  async #run(): Promise<void> {
    const file = await this.#open();
    if (file === undefined) return;
    try {
      await this.#serve(file);
    } finally {
      await file.close();
    }
  }

  /** The file, unless the answer was no, failed, or came after the session had ended. */
  async #open(): Promise<TftpFile | undefined> {
    const { open, request, client, refuse } = this.#setup;
    try {
      const file = await open(request.name, client);
      if (!('kind' in file)) return file;
      if (!this.#ended) refuse({ kind: 'error', code: ERROR_CODE.notFound, message: file.reason });
      this.#end('refused', file.reason);
    } catch (error) {
      this.#failBeforeBegin(`the file could not be opened: ${messageOf(error)}`);
    }
    return undefined;
  }

  async #serve(file: TftpFile): Promise<void> {
    if (this.#ended) return;
    const socket = createTidSocket(this.#setup.localAddress);
    try {
      await bind(socket, this.#setup.localAddress);
    } catch (error) {
      this.#failBeforeBegin(`no port for the transfer: ${messageOf(error)}`);
    }
    if (!this.#ended) this.#begin(socket, file);
    await this.#over.promise;
    socket.close();
    await this.#frames?.settled();
  }

  #begin(socket: Socket, file: TftpFile): void {
    const { request, limits } = this.#setup;
    const { sizeBytes } = file;
    const terms = negotiate(request.options, { sizeBytes, limits });
    this.#socket = socket;
    this.#frames = new Frames(file, terms);
    socket.on('message', (datagram, from) => this.#receive(datagram, from));
    socket.on('error', (error) => {
      const reason = `the socket failed: ${messageOf(error)}`;
      this.#advance({ kind: 'fault', reason, told: 'the server failed' });
    });
    this.#apply(begin(terms, { sizeBytes, limits, nowMs: performance.now() }));
  }

  #receive(datagram: Buffer, from: RemoteInfo): void {
    const { client, log } = this.#setup;
    if (from.port !== client.port || from.address !== client.address) return this.#turnAway(datagram, from);
    let packet: Packet;
    try {
      packet = decode(datagram);
    } catch (error) {
      if (!(error instanceof Malformed)) throw error;
      log.debug('tftp datagram ignored', { address: from.address, port: from.port, reason: error.message });
      return;
    }
    this.#advance({ kind: 'packet', packet, nowMs: performance.now() });
  }

  /** RFC 1350 §4: a stranger gets ERROR 5 and the transfer goes on. An ERROR is never answered, or two hosts could play. */
  #turnAway(datagram: Buffer, from: RemoteInfo): void {
    const isError = datagram[0] === 0 && datagram[1] === 5;
    if (isError || from.port === 0) return;
    const failure = encode({ kind: 'error', code: ERROR_CODE.unknownTid, message: 'this port serves another client' });
    this.#socket?.send(failure, from.port, from.address, this.#onSent);
  }

  #advance(event: TransferEvent): void {
    if (this.#transfer !== undefined) this.#apply(step(this.#transfer, event));
  }

  #apply([transfer, effects]: readonly [Transfer, readonly Effect[]]): void {
    this.#transfer = transfer;
    for (const effect of effects) this.#carryOut(effect);
    if (!this.#ended) this.#watch(transfer.deadlineMs);
  }

  #carryOut(effect: Effect): void {
    switch (effect.kind) {
      case 'send':
        this.#send(encode(effect.packet), this.#onSent);
        return;
      case 'blocks':
        this.#wanted = effect;
        this.#sendWanted();
        return;
      case 'end':
        this.#end(effect.outcome, effect.reason);
    }
  }

  /** Sends the wanted blocks now if they are read, else as soon as they are; a later wish takes an earlier one's place. */
  #sendWanted(): void {
    const frames = this.#frames;
    const wanted = this.#wanted;
    if (this.#ended || this.#reading || frames === undefined || wanted === undefined) return;
    if (!frames.has(wanted.from, wanted.to)) {
      this.#reading = true;
      void this.#load(frames, wanted);
      return;
    }
    this.#wanted = undefined;
    // Asking what became of a datagram costs as much as sending it: asked only where silence says that something is wrong.
    const onSent = this.#transfer?.retransmissions === 0 ? undefined : this.#onSent;
    for (let block = wanted.from; block <= wanted.to; block += 1) this.#send(frames.frame(block), onSent);
    frames.moveTo(wanted.from);
  }

  async #load(frames: Frames, { from, to }: { from: number; to: number }): Promise<void> {
    let reason: string | undefined;
    try {
      await frames.load(from, to);
    } catch (error) {
      reason = `the file could not be read: ${messageOf(error)}`;
    }
    this.#reading = false;
    if (reason === undefined) this.#sendWanted();
    else this.#advance({ kind: 'fault', reason, told: 'the file could not be read' });
  }

  #send(datagram: Buffer, onSent: OnSent | undefined): void {
    const { port, address } = this.#setup.client;
    this.#socket?.send(datagram, port, address, onSent);
  }

  /** A datagram that did not leave is a lost one: retransmission cures it, or the reason of the time-out names it. */
  readonly #onSent: OnSent = (error) => {
    if (error !== null) this.#lastSendError = messageOf(error);
  };

  #deadlineMs(): number {
    return this.#transfer?.deadlineMs ?? this.#startedMs + this.#setup.limits.openMs;
  }

  /** One timer a session, set again only when it fires or must fire earlier: a datagram in time costs no timer. */
  #watch(deadlineMs: number): void {
    if (deadlineMs >= this.#timerAtMs) return;
    clearTimeout(this.#timer);
    this.#timerAtMs = deadlineMs;
    this.#timer = setTimeout(() => this.#onTimer(), Math.max(1, deadlineMs - performance.now()));
  }

  #onTimer(): void {
    this.#timerAtMs = Number.POSITIVE_INFINITY;
    const nowMs = performance.now();
    if (nowMs < this.#deadlineMs()) this.#watch(this.#deadlineMs());
    else if (this.#transfer === undefined) this.#failBeforeBegin('the file was not opened in time');
    else this.#advance({ kind: 'timeout', waitingFor: this.#reading ? 'disk' : 'client', nowMs });
  }

  #failBeforeBegin(reason: string): void {
    if (this.#ended) return;
    this.#setup.refuse({ kind: 'error', code: ERROR_CODE.undefined, message: 'the server failed' });
    this.#end('failed', reason);
  }

  #end(outcome: TftpEvent['outcome'], reason: string): void {
    if (this.#ended) return;
    this.#ended = true;
    clearTimeout(this.#timer);
    this.#over.resolve();
    const { client, request, onEnd } = this.#setup;
    onEnd({
      client,
      name: request.name,
      outcome,
      bytes: this.#transfer === undefined ? 0 : ackedBytes(this.#transfer),
      durationMs: Math.round(performance.now() - this.#startedMs),
      retransmits: this.#transfer?.resent ?? 0,
      asked: formatOptions(request.options),
      options: formatOptions(this.#transfer?.terms.granted ?? []),
      reason: this.#lastSendError === '' || outcome === 'sent' ? reason : `${reason} (${this.#lastSendError})`,
    });
  }
}

/** A client's address needs no look-up, and without one a send goes straight to the kernel. */
function createTidSocket(localAddress: string): Socket {
  const family = localAddress.includes(':') ? 6 : 4;
  return createSocket({
    type: family === 6 ? 'udp6' : 'udp4',
    lookup: (address, _options, callback) => callback(null, address, family),
  });
}

async function bind(socket: Socket, address: string): Promise<void> {
  const listening = once(socket, 'listening');
  socket.bind({ port: 0, address, exclusive: true });
  await listening;
}
