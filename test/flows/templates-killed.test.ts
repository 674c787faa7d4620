// VM templates and ISOs beside and between processes: an appliance killed in the middle of an upload, and the command line.

import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { exampleText } from '../support/example.ts';
import { operatorOf, startAppliance } from '../support/lab-appliance.ts';
import { sha256Of } from '../support/upload-desk.ts';

const BYTES = randomBytes(200_000);
const SITE = exampleText.replace(/\n\s+schedule: .*/, '');
const CHUNK = { 'tus-resumable': '1.0.0', 'content-type': 'application/offset+octet-stream' };
const base64 = (text: string): string => Buffer.from(text).toString('base64');

describe('beside and between processes', () => {
  test('an appliance killed in the middle goes on where the disk was sure', { timeout: 120_000 }, async () => {
    const work = mkdtempSync(join(tmpdir(), 'kickstand-killed-upload-'));
    const bytes = randomBytes(24 * 1024 * 1024);
    try {
      const operator = await operatorOf(work, SITE);
      mkdirSync(operator.data);
      const flags = [
        '--listen',
        '127.0.0.1',
        '--advertise',
        '127.0.0.1',
        '--http-port',
        '0',
        '--tftp-port',
        '0',
        '--dhcp',
        'off',
      ];
      const first = await startAppliance(operator, { flags });
      const token = await operator.kickstand(['token', 'add', 'upload', '--role', 'operator', '--json']);
      const { secret } = JSON.parse(token) as { secret: string };
      const headers = { ...CHUNK, authorization: `Bearer ${secret}` };
      const metadata = `filename ${base64('killed.iso')},sha256 ${base64(sha256Of(bytes))}`;
      const about = { ...headers, 'upload-length': String(bytes.length), 'upload-metadata': metadata };
      const made = await fetch(`${first.origin}/templates/`, { method: 'POST', headers: about });
      const path = made.headers.get('location') ?? '';
      const { hostname, port } = new URL(first.origin);
      const patch = { ...headers, 'upload-offset': '0' };
      const sender = httpRequest({ hostname, port, path, method: 'PATCH', headers: patch }).on(
        'error',
        () => undefined,
      );
      sender.write(bytes.subarray(0, 16 * 1024 * 1024));
      const sure = join(operator.data, 'templates', '.uploads', 'killed.iso', 'sure');
      await expect.poll(() => Number(readFileSync(sure, 'utf8')), { timeout: 20_000 }).toBeGreaterThan(1024 * 1024);
      const pid = (JSON.parse(readFileSync(join(operator.data, 'appliance.json'), 'utf8')) as { pid: number }).pid;
      process.kill(pid, 'SIGKILL');
      await first.stop();
      sender.destroy();
      const told = Number(readFileSync(sure, 'utf8'));
      const second = await startAppliance(operator, { flags });
      const head = await fetch(`${second.origin}${path}`, { method: 'HEAD', headers });
      const offset = Number(head.headers.get('upload-offset'));
      expect(offset).toBe(told);
      const rest = { ...headers, 'upload-offset': String(offset) };
      const done = await fetch(`${second.origin}${path}`, {
        method: 'PATCH',
        headers: rest,
        body: bytes.subarray(offset),
      });
      expect(done.status, await done.text()).toBe(204);
      const got = await (await fetch(`${second.origin}/templates/killed.iso`)).arrayBuffer();
      expect(sha256Of(Buffer.from(got))).toBe(sha256Of(bytes));
      await second.stop();
    } finally {
      rmSync(work, { recursive: true });
    }
  });

  test('commands add, list, verify, tell how to register, and remove', { timeout: 60_000 }, async () => {
    const work = mkdtempSync(join(tmpdir(), 'kickstand-template-cli-'));
    try {
      const { kickstand, data } = await operatorOf(work, SITE);
      const source = join(work, 'source');
      writeFileSync(source, BYTES);
      expect(await kickstand(['template', 'add', 'a-kvm.qcow2', source])).toContain(sha256Of(BYTES));
      await expect(kickstand(['template', 'add', 'a-kvm.qcow2', source])).rejects.toThrow('already');
      await expect(kickstand(['template', 'add', 'a.html', source])).rejects.toThrow('no name');
      const byHand = join(data, 'templates', 'hand.iso');
      writeFileSync(byHand, BYTES);
      expect(JSON.parse(await kickstand(['template', 'list', '--json']))).toMatchObject({
        files: [{ name: 'a-kvm.qcow2', state: 'ready' }],
        strays: ['hand.iso'],
      });
      expect(await kickstand(['template', 'add', 'hand.iso', byHand])).toContain(sha256Of(BYTES));
      expect(await kickstand(['template', 'verify'])).toBe('a-kvm.qcow2: good\nhand.iso: good\n');
      expect(await kickstand(['template', 'register', 'a-kvm.qcow2'])).toContain(
        'register template name=a-kvm displaytext=a-kvm.qcow2 url=http://192.168.168.26/templates/a-kvm.qcow2',
      );
      writeFileSync(byHand, Buffer.from(BYTES).fill(0, 0, 1));
      await expect(kickstand(['template', 'verify', 'hand.iso'])).rejects.toThrow('hand.iso: bad');
      expect(await kickstand(['template', 'remove', 'hand.iso'])).toContain('removed');
      await expect(kickstand(['template', 'remove', 'hand.iso'])).rejects.toThrow('there is no template');
    } finally {
      rmSync(work, { recursive: true });
    }
  });
});
