// The report function, by each tool an installer may have, to a real server on loopback.

import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:http';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { renderAnswerfileScript } from '../../kickstart/answerfile.ts';
import type { Install } from '../../server/domain.ts';
import { TOKEN, xs01 } from '../support/installs.ts';

let server: Server;
let asked: string[];
let answers: number[];
let tools: string;

beforeEach(async () => {
  asked = [];
  answers = [];
  server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    response.writeHead(answers.shift() ?? 200).end('noted\n');
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  tools = mkdtempSync(join(tmpdir(), 'kickstand-tools-'));
  offer('true', 'sleep'); // waiting takes no time here;
});

afterEach(async () => {
  rmSync(tools, { recursive: true });
  server.closeAllConnections();
  await new Promise((done) => server.close(done));
});

/** Puts a command of this machine on the script's PATH, under another name where one is given. */
function offer(command: string, name = command): void {
  symlinkSync(pathOf(command), join(tools, name));
}

function pathOf(command: string): string {
  // A version manager's python3 is a script that would need the whole PATH.
  const ask = command === 'python3' ? 'python3 -c "import sys; print(sys.executable)"' : `command -v ${command}`;
  const found = spawnSync('sh', ['-c', ask]).stdout.toString().trim();
  if (found === '') throw new Error(`${command} is not installed`);
  return found;
}

function install(): Install {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server does not listen');
  return { ...xs01, origin: `http://127.0.0.1:${address.port}` };
}

/** Runs the script as the installer does; its exit status. */
async function complete(argument: string, from: Install = install()): Promise<number | null> {
  const child = spawn('/bin/sh', ['-s', argument], { env: { PATH: tools }, stdio: ['pipe', 'ignore', 'ignore'] });
  child.stdin.end(renderAnswerfileScript(from, 'installation-complete'));
  return new Promise((done) => child.on('close', done));
}

const EVENTS = `GET /hosts/xs-01/events?token=${TOKEN}`;

describe('the installation-complete script', () => {
  test.each([
    ['curl', ['curl']],
    ['GNU wget', ['wget']],
    ['Python alone', ['python3']],
  ])('reports success and failure by %s', async (_, commands) => {
    for (const command of commands) offer(command);
    expect(await complete('0')).toBe(0);
    expect(await complete('1')).toBe(0);
    expect(asked).toEqual([
      `${EVENTS}&stage=installed`,
      `${EVENTS}&stage=failed&message=the+installer+reports+failure`,
    ]);
  });

  test("reports by a busybox's wget that knows no option but -q and -O", async () => {
    const curl = pathOf('curl');
    const wget = `#!/bin/sh\n[ "$1 $2 $3" = '-q -O /dev/null' ] || exit 1\nexec ${curl} -f -s -o /dev/null "$4"\n`;
    writeFileSync(join(tools, 'wget'), wget, { mode: 0o755 });
    expect(await complete('0')).toBe(0);
    expect(asked).toEqual([`${EVENTS}&stage=installed`]);
  });

  test('an argument that is neither is no success', async () => {
    offer('curl');
    await complete('');
    expect(asked).toEqual([`${EVENTS}&stage=failed&message=the+installer+reports+failure`]);
  });

  test('asks again when the appliance stumbles, and not for ever', async () => {
    offer('curl');
    answers = [503, 503];
    expect(await complete('0')).toBe(0);
    expect(asked).toHaveLength(3);
    asked = [];
    answers = Array.from({ length: 20 }, () => 503);
    expect(await complete('0')).toBe(0);
    expect(asked).toHaveLength(3);
  });

  test('an installer without any tool ends well all the same', async () => {
    expect(await complete('0')).toBe(0);
    expect(asked).toEqual([]);
  });
});
