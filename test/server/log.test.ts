// What the process's logger writes: JSON lines as they are, and with journald's ranks where journald reads them.

import { execFile } from 'node:child_process';
import { closeSync, fstatSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';

const LOG = new URL('../../server/log.ts', import.meta.url).pathname;
const SCRIPT = `
const { createLog } = await import(${JSON.stringify(LOG)});
const log = createLog('debug');
log.debug('d', { count: 1 }); log.info('i'); log.warn('w', { host: 'cs40' }); log.error('e');
`;
const ARGV = ['--input-type=module', '-e', SCRIPT];

test('elsewhere each line is JSON, whatever the environment was inherited from', async () => {
  const env = { ...process.env, JOURNAL_STREAM: '1:2' };
  const { stderr } = await promisify(execFile)(process.execPath, ARGV, { env });
  const lines = stderr.trimEnd().split('\n');
  expect(lines.map((line): unknown => JSON.parse(line))).toMatchObject([
    { level: 20, msg: 'd', count: 1 },
    { level: 30, msg: 'i' },
    { level: 40, msg: 'w', host: 'cs40' },
    { level: 50, msg: 'e' },
  ]);
});

test('on the journal each line begins with its rank', () => {
  const directory = mkdtempSync(join(tmpdir(), 'kickstand-log-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const file = join(directory, 'stream');
  const stream = openSync(file, 'w');
  const { dev, ino } = fstatSync(stream);
  const env = { ...process.env, JOURNAL_STREAM: `${dev}:${ino}` };
  spawnSync(process.execPath, ARGV, { env, stdio: ['ignore', 'ignore', stream] });
  closeSync(stream);
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  expect(lines.map((line) => line.slice(0, 3))).toEqual(['<7>', '<6>', '<4>', '<3>']);
  expect(JSON.parse(lines[2]?.slice(3) ?? '')).toMatchObject({ level: 40, msg: 'w', host: 'cs40' });
});
