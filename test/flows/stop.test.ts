// The orderly stop of the real command: no new client, but the ones that are served to the end; a second signal waits for nobody.

import { execFile, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { exampleText } from '../support/example.ts';
import { needs } from '../support/lab-needs.ts';
import { openNotifySocket } from '../support/notify-socket.ts';
import { buildTree } from '../support/tree-fixture.ts';

const CLI = new URL('../../scripts/cli.ts', import.meta.url).pathname;
const LARGE_BYTES = 24 * 1024 * 1024;
const { skip, note } = needs(['curl', 'python3', 'systemd-notify'], 'none');

type Serving = {
  readonly child: ChildProcess;
  readonly origin: string;
  readonly directory: string;
  readonly large: Buffer;
};

/** The command, in a process of its own, on a site whose tree has a large file. */
async function start(notifySocket = ''): Promise<Serving> {
  const directory = await mkdtemp(join(tmpdir(), 'kickstand-stop-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const tree = join(directory, 'tree');
  for (const [path, bytes] of buildTree('rhel6.2')) {
    await mkdir(dirname(join(tree, path)), { recursive: true });
    await writeFile(join(tree, path), bytes);
  }
  const large = randomBytes(LARGE_BYTES);
  await writeFile(join(tree, 'large.img'), large);
  const site = join(directory, 'site.yaml');
  await writeFile(site, exampleText.replace(/iso: RHEL6\S*/, `directory: ${tree}`));
  const ports = ['--listen', '127.0.0.1', '--http-port', '0', '--tftp-port', '0', '--json'];
  const child = spawn(process.execPath, [CLI, 'serve', '--site', site, '--data', join(directory, 'data'), ...ports], {
    env: { ...process.env, NOTIFY_SOCKET: notifySocket },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
  child.once('exit', (code) => (text += `\nended with ${code}`));
  await expect.poll(() => text, { timeout: 60_000 }).toMatch(/"httpPort":\d+|ended with/);
  expect(text).toMatch(/"httpPort":\d+/);
  return { child, origin: `http://127.0.0.1:${/"httpPort":(\d+)/.exec(text)?.[1]}`, directory, large };
}

/** curl, at so many bytes a second; resolves with its exit status. */
function download({ origin, directory }: Serving, bytesPerSecond: string): { file: string; ended: Promise<number> } {
  const file = join(directory, 'download');
  const ended = new Promise<number>((resolve) => {
    const argv = ['-sS', '--limit-rate', bytesPerSecond, '-o', file, `${origin}/trees/rhel6/large.img`];
    const curl = execFile('curl', argv, () => resolve(curl.exitCode ?? -1));
    onTestFinished(() => void curl.kill());
  });
  return { file, ended };
}

async function hasBegun(file: string): Promise<void> {
  await expect.poll(async () => existsSync(file) && (await stat(file)).size > 0, { timeout: 20_000 }).toBe(true);
}

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

describe.skipIf(skip)(`SIGTERM${note}`, () => {
  test('ends listening at once, and lets a download finish', { timeout: 90_000 }, async () => {
    const socket = await openNotifySocket();
    onTestFinished(() => socket.close());
    const serving = await start(socket.path);
    const { child, origin } = serving;
    const told = (words: RegExp): boolean => socket.told().some((one) => words.test(one.words));
    await expect.poll(() => told(/^READY=1 STATUS=serves the site cs-cloud/), { timeout: 20_000 }).toBe(true);
    const { file, ended } = download(serving, '6M');
    await hasBegun(file);
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    await expect.poll(() => told(/^STOPPING=1/), { timeout: 20_000 }).toBe(true);
    await expect(fetch(`${origin}/healthz`)).rejects.toThrow();
    // It is under way still: what was refused was refused before its end.
    expect((await stat(file)).size).toBeLessThan(LARGE_BYTES);
    expect(child.exitCode).toBeNull();
    expect(await ended).toBe(0);
    expect(sha256(await readFile(file))).toBe(sha256(serving.large));
    expect(await exited).toEqual([0, null]);
  });

  test('given twice waits for nobody', { timeout: 90_000 }, async () => {
    const serving = await start();
    const { file, ended } = download(serving, '500k');
    await hasBegun(file);
    const exited = once(serving.child, 'exit');
    serving.child.kill('SIGTERM');
    await expect
      .poll(
        () =>
          fetch(`${serving.origin}/healthz`).then(
            () => 'open',
            () => 'closed',
          ),
        { timeout: 20_000 },
      )
      .toBe('closed');
    serving.child.kill('SIGTERM');
    expect(await exited).toEqual([1, null]);
    expect(await ended).not.toBe(0);
  });
});
