// What is kept of a host's own logs: a line's form, when one may be kept, and what must never be in it. Pure.

import type { HostState } from '../../domain.ts';
import { oneLine } from '../../printable.ts';

/** `syslog`: heard from the network, where its sender can be forged. `script`: sent with the token of the arming. */
export type LogKind = 'syslog' | 'script';

/** One line. `at` is when it came (ms since 1970); `install` when the install it belongs to was armed. */
export type LogLine = {
  readonly at: number;
  readonly install: number;
  readonly kind: LogKind;
  /** As in RFC 5424 §6.2.1: 0 emergency … 7 debug. */
  readonly severity: number;
  /** The program, or the part of the kickstart, that said it; may be empty. */
  readonly source: string;
  readonly text: string;
};

/** A line where it is kept. `id` grows from line to line, of all hosts: it is the cursor to read on from. */
export type KeptLine = LogLine & { readonly id: number };

/** Which lines of a host are wanted. `after`: those that came after that id; undefined: the newest. `kind`: of that kind alone. */
export type LogPage = { readonly after: number | undefined; readonly limit: number; readonly kind?: LogKind };

/** How long after its end an install is still listened to: its last words, and its first boot's. */
const AFTERWARDS_MS = 60 * 60_000;

/** The install whose lines come now, by when it was armed; undefined: nothing is expected of that host. */
export function installHeard(state: HostState, now: number): number | undefined {
  const { phase, arming, changedAt } = state;
  const isRunning = phase === 'booting' || phase === 'installing';
  const hasJustEnded = (phase === 'installed' || phase === 'failed') && now - changedAt < AFTERWARDS_MS;
  return isRunning || hasJustEnded ? arming?.armedAt : undefined;
}

const HIDDEN = '(hidden)';
/** A value as short as this may be part of any word; hiding it would garble the log and hide nothing. */
const SHORTEST_SECRET = 6;
/** Kernel and installer both log the command line, which has the arming's token in its URLs. */
const TOKEN = /\btoken=[\w@.~%-]+/g;
/** crypt(5): `$id$…`, of each method that is in use. */
const CRYPT_HASH = /\$(?:1|5|6|2[abxy]|7|y|gy)\$[./0-9A-Za-z$=,]{8,}/g;

/** `text` without tokens, without password hashes, and without any of `secrets`' values. */
export function redact(text: string, secrets: readonly string[]): string {
  let shown = text.replaceAll(TOKEN, `token=${HIDDEN}`).replaceAll(CRYPT_HASH, HIDDEN);
  for (const secret of secrets) {
    if (secret.length >= SHORTEST_SECRET && shown.includes(secret)) shown = shown.replaceAll(secret, HIDDEN);
  }
  return shown;
}

const LIMIT_SCRIPT_LINES = 2000;
const LIMIT_LINE_LENGTH = 4000;

/** The lines of a log that a script sent: its last ones, where there are many. Empty ones are left out. */
export function scriptLines(text: string): readonly string[] {
  return text
    .split('\n')
    .slice(-LIMIT_SCRIPT_LINES)
    .map((line) => oneLine(line.slice(0, LIMIT_LINE_LENGTH)))
    .filter((line) => line !== '');
}

const SEVERITIES = ['emergency', 'alert', 'critical', 'error', 'warning', 'notice', 'info', 'debug'];

/** A severity in a word. */
export function severityWord(severity: number): string {
  return SEVERITIES[severity] ?? 'notice';
}

/** A line for people, without its time: `anaconda: …`, with the severity where it is a warning or worse. */
export function lineWords({ severity, source, text }: Pick<LogLine, 'severity' | 'source' | 'text'>): string {
  const grave = severity <= 4 ? `[${severityWord(severity)}] ` : '';
  return `${grave}${source === '' ? '' : `${source}: `}${text}`;
}
