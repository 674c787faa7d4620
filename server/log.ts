// The logger's interface and its one implementation: pino, one JSON line an event on standard error, ranked where journald reads it.

import { fstatSync } from 'node:fs';
import type { DestinationStream } from 'pino';
import { pino } from 'pino';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

/** A fixed message with facts as fields, in the vocabulary of domain.ts. Never a secret, a token or a kickstart. */
export type Log = {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
};

const STANDARD_ERROR = 2;

/** The process's logger. */
export function createLog(level: LogLevel): Log {
  const lines = pino.destination({ fd: STANDARD_ERROR, sync: true });
  const sink = pino(
    { level, base: null, timestamp: pino.stdTimeFunctions.isoTime },
    isJournal(process.env['JOURNAL_STREAM']) ? ranked(lines) : lines,
  );
  return {
    debug: (message, fields) => sink.debug(fields ?? {}, message),
    info: (message, fields) => sink.info(fields ?? {}, message),
    warn: (message, fields) => sink.warn(fields ?? {}, message),
    error: (message, fields) => sink.error(fields ?? {}, message),
  };
}

/** systemd.exec(5), $JOURNAL_STREAM: device and inode of the journal's stream. Children inherit it with another standard error. */
function isJournal(stream: string | undefined): boolean {
  if (stream === undefined) return false;
  const { dev, ino } = fstatSync(STANDARD_ERROR);
  return stream === `${dev}:${ino}`;
}

/** pino's levels as those of syslog (RFC 5424 §6.2.1), which journald takes from the begin of a line: sd-daemon(3). */
function ranked(lines: DestinationStream): DestinationStream {
  const stream = {
    // Asks pino to set lastLevel before each line.
    [Symbol.for('pino.metadata')]: true,
    lastLevel: 0,
    write: (line: string): void => lines.write(`<${rankOf(stream.lastLevel)}>${line}`),
  };
  return stream;
}

function rankOf(level: number): 3 | 4 | 6 | 7 {
  if (level >= 50) return 3;
  if (level >= 40) return 4;
  return level >= 30 ? 6 : 7;
}

/** A logger that says nothing, for tests and one-shot commands. */
export const quietLog: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
