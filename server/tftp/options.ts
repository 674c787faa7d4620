// Decides which of the options that a client asked for it is granted, and the terms of the transfer that follow; pure.

import type { TftpOption } from './packet.ts';

/** The bounds and timings of one transfer. */
export type TransferLimits = {
  /** The largest blksize granted, in bytes (8 to 65464): what passes the network without IP fragments. */
  readonly blksize: number;
  /** The largest windowsize granted, in blocks (1 to 4096). */
  readonly windowsize: number;
  /** The longest `timeout` granted, in seconds; a longer one is not granted, for it would hold a session too long. */
  readonly timeoutSeconds: number;
  /** Silence before the first retransmission, in milliseconds, where the client asked for no `timeout`. */
  readonly retransmitMs: number;
  /** Each retransmission waits twice as long as the one before, but no longer than this. */
  readonly retransmitCapMs: number;
  /** So many retransmissions without an answer, then the client is dropped. */
  readonly retransmissions: number;
};

/** What both sides keep to during one transfer. */
export type Terms = {
  readonly blksize: number;
  readonly windowsize: number;
  /** The block number that follows 65535. RFC 1350 is silent; nearly all clients go on with 0. */
  readonly rollover: 0 | 1;
  /** The client's own retransmission time in milliseconds, if it was granted one. */
  readonly timeoutMs: number | undefined;
  /** What the OACK says, in the order asked. Empty: no OACK is sent at all (RFC 2347). */
  readonly granted: readonly TftpOption[];
};

type Offer = { readonly sizeBytes: number; readonly limits: TransferLimits };
type Grant = (value: string, offer: Offer) => number | undefined;

const DEFAULT_BLKSIZE = 512; // RFC 1350 §2
const SMALLEST_BLKSIZE = 8; // RFC 2348
const LARGEST_WINDOWSIZE = 65535; // RFC 7440 §3
const LARGEST_TIMEOUT_SECONDS = 255; // RFC 2349

/**
 * One rule an option: the number to echo, or undefined where it is not granted. An option outside this table, or with a
 * value outside its RFC's range, is dropped, as if it had not been asked.
 */
const GRANTS: ReadonlyMap<string, Grant> = new Map([
  ['blksize', grantBlksize],
  ['timeout', grantTimeout],
  // RFC 2349. Firmware sizes its buffer by it. An empty file is told as 0, which curl takes for an error (exit 71).
  ['tsize', (value, { sizeBytes }) => (decimal(value) === undefined ? undefined : sizeBytes)],
  ['windowsize', grantWindowsize],
  // No RFC; tftp-hpa's server and atftp know it.
  ['rollover', (value) => (value === '0' || value === '1' ? Number(value) : undefined)],
]);

/**
 * The terms for a client that asked for `asked` of a file of `sizeBytes`. Never grants what was not asked: EFI and pxelinux
 * end the transfer then. Of an option asked twice the first counts (RFC 2347: each only once).
 */
export function negotiate(asked: readonly TftpOption[], offer: Offer): Terms {
  const granted = new Map<string, number>();
  for (const { name, value } of asked) {
    const number = granted.has(name) ? undefined : GRANTS.get(name)?.(value, offer);
    if (number !== undefined) granted.set(name, number);
  }
  const timeoutSeconds = granted.get('timeout');
  return {
    blksize: granted.get('blksize') ?? DEFAULT_BLKSIZE,
    windowsize: granted.get('windowsize') ?? 1,
    rollover: granted.get('rollover') === 1 ? 1 : 0,
    timeoutMs: timeoutSeconds === undefined ? undefined : timeoutSeconds * 1000,
    granted: [...granted].map(([name, number]) => ({ name, value: String(number) })),
  };
}

/** `blksize=1468 tsize=2048`, for a log line or an event; empty where nothing was granted. */
export function formatOptions(options: readonly TftpOption[]): string {
  return options.map(({ name, value }) => `${name}=${value}`).join(' ');
}

/** RFC 2348: the server may lower it, never raise it. */
function grantBlksize(value: string, { limits }: Offer): number | undefined {
  const bytes = decimal(value);
  return bytes === undefined || bytes < SMALLEST_BLKSIZE ? undefined : Math.min(bytes, limits.blksize);
}

/** RFC 2349: the same value, or not granted. */
function grantTimeout(value: string, { limits }: Offer): number | undefined {
  const seconds = decimal(value);
  if (seconds === undefined || seconds < 1) return undefined;
  return seconds <= Math.min(limits.timeoutSeconds, LARGEST_TIMEOUT_SECONDS) ? seconds : undefined;
}

/** RFC 7440 §3: the server may lower it. */
function grantWindowsize(value: string, { limits }: Offer): number | undefined {
  const blocks = decimal(value);
  if (blocks === undefined || blocks < 1 || blocks > LARGEST_WINDOWSIZE) return undefined;
  return Math.min(blocks, limits.windowsize);
}

function decimal(text: string): number | undefined {
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}
