// Ten thousand connections that only hold on, of one address or of a hundred: bounded, and whoever asks is answered.

import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RunningAppliance } from '../support/lab-appliance.ts';
import { startAppliance } from '../support/lab-appliance.ts';

const SITE = resolve(import.meta.dirname, '..', '..', 'site.example.yaml');
const COUNT = 10_000;
const AT_ONCE = 250;

/** This process holds the other ends. */
const files = Number(/^Max open files +(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1] ?? COUNT * 2);
const note = files > COUNT * 1.1 ? '' : ` [a process may open ${files} files here: ulimit -n]`;

describe.skipIf(note !== '')(`ten thousand connections${note}`, { timeout: 120_000 }, () => {
  let directory = '';
  let appliance: RunningAppliance;
  const held: Socket[] = [];

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'kickstand-crowded-'));
    const flags = ['--listen', '127.0.0.1', '--advertise', '127.0.0.1', '--http-port', '0', '--tftp-port', '0'];
    appliance = await startAppliance({ site: SITE, data: join(directory, 'data') }, { flags });
  });
  afterAll(async () => {
    for (const socket of held) socket.destroy();
    await appliance.stop();
    await rm(directory, { recursive: true });
  });

  const open = (localAddress: string): Promise<Socket> => {
    const port = Number(new URL(appliance.origin).port);
    const socket = connect({ host: '127.0.0.1', port, localAddress });
    held.push(socket);
    return new Promise((done) => void socket.on('error', () => done(socket)).once('connect', () => done(socket)));
  };

  async function answerTo(localAddress: string): Promise<string> {
    const socket = await open(localAddress);
    let answer = '';
    const closed = new Promise((done) => void socket.setEncoding('utf8').once('close', done));
    socket.on('data', (text: string) => (answer += text));
    socket.write('GET /healthz HTTP/1.1\r\nHost: kickstand\r\nConnection: close\r\n\r\n');
    await closed;
    return answer.slice(0, answer.indexOf('\r\n'));
  }

  test.each<[string, (index: number) => string]>([
    ['one address', () => '127.1.0.1'],
    ['a hundred addresses', (index) => `127.2.${index % 100}.1`],
  ])('of %s', async (_whose, addressOf) => {
    for (let begun = 0; begun < COUNT; begun += AT_ONCE)
      await Promise.all(Array.from({ length: AT_ONCE }, (_, index) => open(addressOf(begun + index))));
    expect(await answerTo('127.0.0.9')).toBe('HTTP/1.1 200 OK');
    for (const socket of held.splice(0)) socket.destroy();
  });
});
