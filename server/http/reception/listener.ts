// Receives a connection: answers its plain requests there and then, and hands it, with the first other one, to the server that parses it.

import { STATUS_CODES, type Server as HttpServer } from 'node:http';
import type { Socket } from 'node:net';
import type { OpeningFault } from '../opening.ts';
import { readOpening } from '../opening.ts';
import type { PlainAnswer, PlainRequest } from '../plain.ts';
import { readPlainRequest } from '../plain.ts';

export type ReceptionParts = {
  /** The server that parses a connection on which `line` is the first line nobody has answered yet. */
  choose(line: string, socket: Socket): HttpServer;
  /** The answer to a plain request where it is ready; undefined where a parser has to have it. */
  answer(request: PlainRequest, socket: Socket): PlainAnswer | undefined;
  /** Answers what is no request, and closes. */
  refuse(socket: Socket, fault: OpeningFault | 'too-slow'): void;
  readonly limits: ReceptionLimits;
};

export type ReceptionLimits = {
  /** From the connection, or the first byte of a line, to the end of the line. */
  readonly firstLineMs: number;
  /** How long a connection waits for its next request. */
  readonly keepAliveMs: number;
  /** A client that takes none of its answer for so long is cut off. */
  readonly idleMs: number;
};

const NOTHING: Buffer = Buffer.alloc(0);

/** Takes the connection. It is ended by what it does wrong, by its limits, or by the server it is handed to. */
export function receive(socket: Socket, parts: ReceptionParts): void {
  new Visit(socket, parts).begin();
}

/** A connection that nobody parses yet. */
class Visit {
  readonly #socket: Socket;
  readonly #parts: ReceptionParts;
  /** Of a first line that has not ended. */
  #bytes = NOTHING;
  #hurry: NodeJS.Timeout | undefined;

  constructor(socket: Socket, parts: ReceptionParts) {
    this.#socket = socket;
    this.#parts = parts;
  }

  begin(): void {
    this.#hurryUp();
    this.#socket.on('data', this.#onData).on('drain', this.#onDrain).on('end', this.#onEnd);
    this.#socket.on('close', this.#leave).on('timeout', this.#onFailed).on('error', this.#onFailed);
  }

  /** The error is listened for to the end, or until somebody else does. */
  readonly #leave = (): void => {
    this.#calmDown();
    this.#socket.setTimeout(0);
    this.#socket.off('data', this.#onData).off('drain', this.#onDrain).off('end', this.#onEnd);
    this.#socket.off('close', this.#leave).off('timeout', this.#onFailed);
  };

  #hurryUp(): void {
    this.#hurry ??= setTimeout(() => {
      this.#leave();
      if (this.#bytes.byteLength === 0) this.#socket.destroy();
      else this.#parts.refuse(this.#socket, 'too-slow');
    }, this.#parts.limits.firstLineMs);
  }

  #calmDown(): void {
    clearTimeout(this.#hurry);
    this.#hurry = undefined;
  }

  readonly #onData = (chunk: Buffer): void => {
    if (this.#bytes.byteLength === 0 && this.#answer(chunk)) return;
    this.#bytes = this.#bytes.byteLength === 0 ? chunk : Buffer.concat([this.#bytes, chunk]);
    const opening = readOpening(this.#bytes);
    if (opening.kind === 'partial') {
      this.#hurryUp();
      return;
    }
    this.#leave();
    if (opening.kind === 'line') this.#handOver(this.#parts.choose(opening.line, this.#socket));
    else this.#parts.refuse(this.#socket, opening.kind);
  };

  /** False: nothing was answered. */
  #answer(chunk: Buffer): boolean {
    const request = readPlainRequest(chunk);
    const answer = request === undefined ? undefined : this.#parts.answer(request, this.#socket);
    if (answer === undefined) return false;
    const { keepAliveMs, idleMs } = this.#parts.limits;
    this.#calmDown();
    send(this.#socket, answer, keepAliveMs);
    // What it does not take stays here, so nothing more is read before it has: one answer is all that a slow client holds.
    const waits = this.#socket.writableLength > 0;
    if (waits) this.#socket.pause();
    this.#expectBytes(waits ? idleMs : keepAliveMs);
    return true;
  }

  /** Whichever way they move; each that does begins the time anew. */
  #expectBytes(withinMs: number): void {
    if (this.#socket.timeout !== withinMs) this.#socket.setTimeout(withinMs);
  }

  readonly #onDrain = (): void => {
    if (!this.#socket.isPaused()) return;
    this.#expectBytes(this.#parts.limits.keepAliveMs);
    this.#socket.resume();
  };

  readonly #onEnd = (): void => {
    this.#leave();
    this.#socket.destroySoon();
  };

  readonly #onFailed = (): void => {
    this.#socket.destroy();
  };

  /** All bytes still unread. */
  #handOver(server: HttpServer): void {
    this.#socket.pause();
    this.#socket.off('error', this.#onFailed);
    this.#socket.unshift(this.#bytes);
    server.emit('connection', this.#socket);
    this.#socket.resume();
  }
}

/** Names the second for all answers of that second. */
let today = { second: -1, date: '' };

function httpDate(): string {
  const second = Math.floor(Date.now() / 1000);
  if (second !== today.second) today = { second, date: new Date(second * 1000).toUTCString() };
  return today.date;
}

function send(socket: Socket, answer: PlainAnswer, keepAliveMs: number): void {
  const kept = `Connection: keep-alive\r\nKeep-Alive: timeout=${Math.floor(keepAliveMs / 1000)}`;
  const head = `${fixedHead(answer)}Date: ${httpDate()}\r\n${kept}\r\n\r\n`;
  const { body } = answer;
  if (typeof body !== 'object') {
    socket.write(body === undefined ? head : head + body, 'latin1');
    return;
  }
  socket.cork();
  socket.write(head, 'latin1');
  socket.write(body);
  socket.uncork();
}

/** The same answer goes out thousands of times a second. */
const fixedHeads = new WeakMap<PlainAnswer, string>();

/** Status line and fields, as node:http writes them. */
function fixedHead(answer: PlainAnswer): string {
  const known = fixedHeads.get(answer);
  if (known !== undefined) return known;
  let head = `HTTP/1.1 ${answer.status} ${STATUS_CODES[answer.status] ?? ''}\r\n`;
  for (let at = 0; at < answer.headers.length; at += 2) {
    head += `${answer.headers[at]}: ${answer.headers[at + 1]}\r\n`;
  }
  // V8 keeps a string made by appending as a tree of its pieces, to be walked at each writing: through a buffer it becomes one piece.
  const flat = Buffer.from(head, 'latin1').toString('latin1');
  fixedHeads.set(answer, flat);
  return flat;
}
