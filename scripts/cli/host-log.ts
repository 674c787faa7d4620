// kickstand host log: what a host's installer and its scripts said, as far as it was sent here; and what they say next.

import { setTimeout as delay } from 'node:timers/promises';
import type { House } from '../../server/assembly/house.ts';
import { logView } from '../../server/assembly/host-logs.ts';
import type { KeptLine } from '../../server/hosts/logs/lines.ts';
import { lineWords } from '../../server/hosts/logs/lines.ts';
import type { No } from '../../server/malformed.ts';
import { isNo } from '../../server/malformed.ts';
import { CommandFailed, readContext, withHouse } from './context.ts';
import type { Args, Flags } from './context.ts';
import type { ExitCode, Output } from './output.ts';
import { formatTime, refuse } from './output.ts';

const LINES_SHOWN = 200;
const LINES_LIMIT = 50_000;
const FOLLOW_MS = 500;
const FOLLOW_LINES = 5000;

/**
 * `host log HOST [--lines N] [--follow]`: its newest lines, oldest of them first. With `--json` one object a line. With
 * `--follow` it goes on until Ctrl-C, whichever process receives the log.
 */
export async function logCommand([name]: Args, flags: Flags): Promise<ExitCode> {
  const context = readContext(flags);
  const limit = readLines(flags['lines']);
  const printer = openPrinter(context.output);
  return withHouse(context, async (house) => {
    const first = logView(house, String(name), { after: undefined, limit });
    if (isNo(first)) return refuse(context.output, first);
    printer.print(first.lines);
    if (flags['follow'] === true) return follow(house, { name: String(name), after: first.next, printer });
    if (first.lines.length === 0) tellNothing(context.output, house);
    return 0;
  });
}

function readLines(text: unknown): number {
  if (text === undefined) return LINES_SHOWN;
  const lines = typeof text === 'string' && /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (lines >= 1 && lines <= LINES_LIMIT) return lines;
  throw new CommandFailed(`--lines: a whole number from 1 to ${LINES_LIMIT}`, 2);
}

type Following = { readonly name: string; readonly after: number; readonly printer: Printer };

/** Polls: the appliance that receives the log is another process. Ends at Ctrl-C, or where the host leaves the site. */
async function follow(house: House, { name, after, printer }: Following): Promise<ExitCode> {
  const stop = new AbortController();
  const interrupt = (): void => stop.abort();
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  let cursor = after;
  while (!stop.signal.aborted) {
    const view: ReturnType<typeof logView> | No = logView(house, name, { after: cursor, limit: FOLLOW_LINES });
    if (isNo(view)) return 1;
    printer.print(view.lines);
    cursor = view.next;
    // A pause that Ctrl-C cuts short has been long enough.
    if (view.lines.length < FOLLOW_LINES) await delay(FOLLOW_MS, undefined, { signal: stop.signal }).catch(() => {});
  }
  return 0;
}

type Printer = { print(lines: readonly KeptLine[]): void };

/** Prints lines, and a heading where another install begins. */
function openPrinter(output: Output): Printer {
  let install: number | undefined;
  return {
    print: (lines) => {
      for (const line of lines) {
        if (output.json) output.write(`${JSON.stringify(line)}\n`);
        else {
          if (line.install !== install) output.write(`== install armed ${formatTime(line.install)}\n`);
          install = line.install;
          output.write(`${new Date(line.at).toISOString().slice(11, 19)} ${lineWords(line)}\n`);
        }
      }
    },
  };
}

function tellNothing(output: Output, house: House): void {
  if (output.json) return;
  const remedy =
    house.syslog() === undefined
      ? 'installers send their log while the appliance runs with --syslog-port; a script that fails sends its own anyway'
      : 'it is sent while the host installs';
  output.complain(`kickstand: nothing is kept of that host's log\n  what to do: ${remedy}\n`);
}
