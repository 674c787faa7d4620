// The TFTP clients of this world, as commands that fetch one file from a loopback port.

import { execFile, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export type Fetch = { readonly port: number; readonly name: string; readonly out: string };
export type RealClient = {
  readonly title: string;
  readonly tool: string;
  readonly blksize: number;
  args(fetch: Fetch): readonly string[];
};

const TFTP2_SCRIPT = fileURLToPath(new URL('tftp2-fetch.ts', import.meta.url));
const run = promisify(execFile);

const curl = (blksize: number, options: readonly string[]): RealClient => ({
  title: `curl ${options.join(' ')}`,
  tool: 'curl',
  blksize,
  args: ({ port, name, out }) => ['-sS', '--max-time', '60', ...options, '-o', out, `tftp://127.0.0.1:${port}/${name}`],
});
const atftp = (blksize: number, options: readonly string[]): RealClient => ({
  title: `atftp ${options.join(', ')}`,
  tool: 'atftp',
  blksize,
  args: ({ port, name, out }) => [
    ...options.flatMap((option) => ['--option', option]),
    ...['-g', '-r', name, '-l', out, '127.0.0.1', String(port)],
  ],
});
const busybox = (blksize: number, options: readonly string[]): RealClient => ({
  title: `busybox tftp ${options.join(' ')}`,
  tool: 'busybox',
  blksize,
  args: ({ port, name, out }) => ['tftp', ...options, '-g', '-r', name, '-l', out, '127.0.0.1', String(port)],
});

/** curl takes `tsize=0` for an error (exit 71), so it fetches empty files only without options. */
export const CURL_PLAIN = curl(512, ['--tftp-no-options']);
export const CURL = curl(1428, ['--tftp-blksize', '1428']);
export const TFTP_HPA: RealClient = {
  title: 'tftp-hpa',
  tool: 'tftp',
  blksize: 512,
  args: ({ port, name, out }) => ['-m', 'binary', '127.0.0.1', String(port), '-c', 'get', name, out],
};
export const ATFTP = atftp(1428, ['blksize 1428', 'tsize 0']);
export const ATFTP_WINDOW = atftp(1428, ['blksize 1428', 'windowsize 16']);
export const ATFTP_SMALL_WINDOW = atftp(512, ['windowsize 16']);
export const BUSYBOX_PLAIN = busybox(512, ['-b', '512']);
export const BUSYBOX = busybox(1428, ['-b', '1428']);
export const TFTP2: RealClient = {
  title: 'tftp2',
  tool: process.execPath,
  blksize: 512,
  args: ({ port, name, out }) => [TFTP2_SCRIPT, String(port), name, out],
};

/** Runs a client to its end; rejects where it fails or takes more than a minute. */
export async function fetchWith(client: RealClient, fetch: Fetch): Promise<void> {
  await run(client.tool, client.args(fetch), { timeout: 60_000, killSignal: 'SIGKILL' });
}

/** Skip this client's tests? Only by hand: in CI every tool must be there, and its absence fails. */
export function isAbsent({ tool }: RealClient): boolean {
  if (process.env['CI'] !== undefined) return false;
  return spawnSync(tool, ['--help'], { stdio: 'ignore' }).error !== undefined;
}
