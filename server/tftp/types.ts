// What the TFTP server is given and what it tells: types only.

import type { No } from '../malformed.ts';
import type { TransferLimits } from './options.ts';
import type { TransferOutcome } from './transfer.ts';

/** Who asks: the address and UDP port its datagrams come from. */
export type TftpClient = { readonly address: string; readonly port: number };

/** A file open for one transfer. `sizeBytes` does not change while it is open. */
export type TftpFile = {
  readonly sizeBytes: number;
  /** `length` bytes from `offset`; fewer where the source has no more at once, none at its end. One read at a time or two. */
  read(offset: number, length: number): Promise<Uint8Array>;
  /** Called once, after the last read. */
  close(): Promise<void>;
};

/**
 * Finds what a client asks for. `name` is as asked: one character a byte, at most 255, not normalised. A `No` becomes
 * ERROR 1 with its reason; a rejection is a fault.
 */
export type TftpOpen = (name: string, client: TftpClient) => Promise<TftpFile | No>;

/**
 * How a request ended. `probed`: only the size was wanted; `closed`: the client wanted no more of it; `refused`: nothing was
 * sent at all.
 */
export type TftpEvent = {
  readonly client: TftpClient;
  readonly name: string;
  readonly outcome: TransferOutcome | 'refused';
  /** Bytes that the client acknowledged. */
  readonly bytes: number;
  readonly durationMs: number;
  /** How often a window, or the options, went out again. */
  readonly retransmits: number;
  /** The options asked for, as they came, and those granted: `blksize=1468 tsize=2048`. */
  readonly asked: string;
  readonly options: string;
  readonly reason: string;
};

export type TftpLimits = TransferLimits & {
  /** Transfers at a time, and how many of them one client address may hold. */
  readonly sessions: number;
  readonly sessionsPerClient: number;
  /** How long `open` may take, and how long closing waits for files, in milliseconds. */
  readonly openMs: number;
  /** How long `close` leaves transfers to finish, in milliseconds. */
  readonly closeMs: number;
};
