// Runs programs by argv for the lab: one that must end well, or one that stays until it is stopped by its process id.

import { execFile, spawn } from 'node:child_process';
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';

const execFileAsync = promisify(execFile);

export type RunOptions = {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  readonly timeoutMs?: number;
};

/** Runs `argv` to its end and returns what it wrote to stdout. Throws, with the end of stderr, when it fails. */
export async function run(argv: readonly string[], options: RunOptions = {}): Promise<string> {
  const [program, ...args] = argv;
  if (program === undefined) throw new Error('an empty command');
  try {
    const child = execFileAsync(program, args, {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      timeout: options.timeoutMs ?? 120_000,
      maxBuffer: 64 * 1024 * 1024,
    });
    child.child.stdin?.on('error', () => undefined);
    child.child.stdin?.end(options.input ?? '');
    return (await child).stdout;
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    throw new Error(`${argv.join(' ').slice(0, 300)}\nfailed:\n${(stdout + stderr).slice(-3000)}`, { cause: error });
  }
}

/**
 * A program that runs until `stop`. `output` holds everything it has written so far, stdout and stderr as they came, without terminal
 * control sequences: firmware moves the cursor in the middle of words.
 */
export class Daemon {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #name: string;
  readonly #exited: Promise<number>;
  #watchers: (() => void)[] = [];
  #ended = false;
  output = '';

  constructor(argv: readonly string[], options: RunOptions = {}) {
    const [program = '', ...args] = argv;
    this.#name = argv.join(' ').slice(0, 120);
    // --pdeathsig: the kernel ends it when the test run is killed, so nothing is left behind.
    this.#child = spawn('setpriv', ['--pdeathsig', 'KILL', program, ...args], {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      stdio: 'pipe',
    });
    this.#child.stdin.on('error', () => undefined);
    this.#child.stdin.end(options.input ?? '');
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      let held = '';
      stream.setEncoding('utf8').on('data', (text: string) => {
        const { whole, rest } = splitAtEscape(held + text);
        held = rest;
        this.output += withoutControls(whole);
        this.#wake();
      });
    }
    this.#exited = once(this.#child, 'close').then(([code]) => {
      this.#ended = true;
      this.#wake();
      return typeof code === 'number' ? code : 255;
    });
  }

  /** Its process id: setpriv and ip netns exec give their own to the program they start. */
  get pid(): number {
    if (this.#child.pid === undefined) throw new Error(`${this.#name} did not start`);
    return this.#child.pid;
  }

  /** The exit status (255 when ended by a signal). */
  get exited(): Promise<number> {
    return this.#exited;
  }

  /** Waits until `wanted` is in the output at or after `from`; returns the offset behind it. Fails early when the program ends. */
  async waitFor(
    wanted: string | RegExp,
    options: { readonly timeoutMs: number; readonly from?: number },
  ): Promise<number> {
    const { promise: late, resolve } = Promise.withResolvers<'late'>();
    const timer = setTimeout(() => resolve('late'), options.timeoutMs);
    try {
      for (;;) {
        const end = endOfMatch(this.output, wanted, options.from ?? 0);
        if (end !== undefined) return end;
        if (this.#ended) throw new Error(`${this.#name} ended before it said ${String(wanted)}:\n${this.#tail()}`);
        if ((await Promise.race([this.#change(), late])) === 'late')
          throw new Error(`${this.#name} did not say ${String(wanted)} in time:\n${this.#tail()}`);
      }
    } finally {
      clearTimeout(timer);
    }
  }

  /** SIGTERM, and SIGKILL when it has not ended after `graceMs`. Returns the exit status (255 when ended by a signal). */
  async stop(graceMs = 5000): Promise<number> {
    if (this.#ended) return this.#exited;
    this.#child.kill('SIGTERM');
    const grace = setTimeout(() => this.#child.kill('SIGKILL'), graceMs);
    const status = await this.#exited;
    clearTimeout(grace);
    return status;
  }

  #change(): Promise<void> {
    return new Promise((resolve) => void this.#watchers.push(resolve));
  }

  #wake(): void {
    const watchers = this.#watchers;
    this.#watchers = [];
    for (const watcher of watchers) watcher();
  }

  #tail(): string {
    return this.output.slice(-3000);
  }
}

function endOfMatch(text: string, wanted: string | RegExp, from: number): number | undefined {
  if (typeof wanted === 'string') {
    const at = text.indexOf(wanted, from);
    return at < 0 ? undefined : at + wanted.length;
  }
  const match = wanted.exec(text.slice(from));
  return match === null ? undefined : from + match.index + match[0].length;
}

/** Holds back an escape sequence that has not fully arrived. */
function splitAtEscape(text: string): { readonly whole: string; readonly rest: string } {
  const at = /\u001b(?:\[[0-9;?]*)?$/.exec(text)?.index ?? text.length;
  return { whole: text.slice(0, at), rest: text.slice(at) };
}

function withoutControls(text: string): string {
  return text.replaceAll(/\u001b(?:\[[0-9;?]*[a-zA-Z]|[a-zA-Z])|\r/g, '');
}
