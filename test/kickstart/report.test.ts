// The report function, by each tool an installer may have, to a real server on loopback.

import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:http';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { renderStageScript } from '../../kickstart/hypervisor/stage-scripts.ts';
import { reportFunction } from '../../kickstart/sections/report.ts';
import type { Install } from '../../server/domain.ts';
import { isNo } from '../../server/malformed.ts';
import { TOKEN, secrets, xs01 } from '../support/installs.ts';

let server: Server;
let asked: string[];
let bodies: string[];
let answers: number[];
let tools: string;

beforeEach(async () => {
  asked = [];
  answers = [];
  bodies = [];
  server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => (body += text));
    request.on('end', () => {
      if (request.method === 'POST') bodies.push(`${request.headers['content-type']}: ${body}`);
      response.writeHead(answers.shift() ?? 200).end('noted\n');
    });
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
  const text = renderStageScript(from, 'installation-complete', secrets);
  if (isNo(text)) throw new Error(text.reason);
  child.stdin.end(text);
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

describe('a failure with its log', () => {
  const POST = `POST /hosts/xs-01/events?token=${TOKEN}&stage=failed&message=why`;
  const GET = POST.replace('POST', 'GET');
  const log = (): string => join(tools, 'kickstand.log');

  /** Reports a failure as a script does, with the log that `text` is; its exit status. */
  async function fail(text: string): Promise<number | null> {
    writeFileSync(log(), text);
    const child = spawn('/bin/sh', ['-s'], { env: { PATH: tools }, stdio: ['pipe', 'ignore', 'ignore'] });
    child.stdin.end(`${reportFunction(install())}\nreport failed why ${log()}\n`);
    return new Promise((done) => child.on('close', done));
  }

  beforeEach(() => {
    for (const command of ['cat', 'rm']) offer(command);
  });

  test.each([
    ['curl', ['curl']],
    ['GNU wget', ['wget']],
    ['Python alone', ['python3']],
  ])('is posted by %s', async (_, commands) => {
    for (const command of commands) offer(command);
    expect(await fail('one\ntwo: größer & =\n')).toBe(0);
    expect(asked).toEqual([POST]);
    expect(bodies).toEqual(['text/plain: one\ntwo: größer & =\n']);
    expect(existsSync(`${log()}.sent`)).toBe(false);
  });

  test('is its end alone where it is long', async () => {
    offer('curl');
    offer('tail');
    await fail(`${'x'.repeat(70_000)}\nlast\n`);
    expect(bodies).toHaveLength(1);
    expect(bodies[0]).toHaveLength('text/plain: '.length + 65_536);
    expect(bodies[0]).toMatch(/x\nlast\n$/);
  });

  test.each([
    ['refused', [413, 413, 413], [POST, POST, POST, GET]],
    ['taken at the second try', [503], [POST, POST]],
    ['never answered well', Array.from({ length: 9 }, () => 503), [POST, POST, POST, GET, GET, GET]],
  ])('that is %s', async (_, given, expected) => {
    offer('curl');
    answers = [...given];
    expect(await fail('text\n')).toBe(0);
    expect(asked).toEqual(expected);
  });

  test("is reported without it by a busybox's wget, which cannot post", async () => {
    const curl = pathOf('curl');
    const wget = `#!/bin/sh\n[ "$1 $2 $3" = '-q -O /dev/null' ] || exit 1\nexec ${curl} -f -s -o /dev/null "$4"\n`;
    writeFileSync(join(tools, 'wget'), wget, { mode: 0o755 });
    expect(await fail('text\n')).toBe(0);
    expect(asked).toEqual([GET]);
  });

  test('is reported without it where there is none', async () => {
    offer('curl');
    expect(await fail('')).toBe(0);
    expect(asked).toEqual([GET]);
  });
});
