// Trees added and removed over the API of a whole appliance: every way of adding, every refusal, and what outlives what.

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { OperatorRole } from '../../server/accounts/rights.ts';
import { kickstand } from '../support/command.ts';
import { exampleText } from '../support/example.ts';
import { startUpstream } from '../support/fake-upstream.ts';
import { makeIso, skipWithout, writeFiles } from '../support/iso.ts';
import type { Served } from '../support/served.ts';
import { armAnyway, served } from '../support/served.ts';
import { buildTree } from '../support/tree-fixture.ts';

const KERNEL = 'images/pxeboot/vmlinuz';
const tree6 = buildTree('rhel6.2');
const treeB = buildTree('rhel6.2', 'b');
const SECRET = 'the login of an upstream';
let media = '';
let appliance: Served;
const tokens = new Map<OperatorRole, string>();

const dvd = (): string => join(media, 'dvd.iso');
const dvdB = (): string => join(media, 'dvd-b.iso');
const loose = (): string => join(media, 'loose');
const data = (...path: readonly string[]): string => join(appliance.directory, 'data', ...path);
const siteText = (): string => readFileSync(join(appliance.directory, 'site.yaml'), 'utf8');

describe.skipIf(skipWithout('xorriso'))('trees over the API', () => {
  beforeAll(async () => {
    media = mkdtempSync(join(tmpdir(), 'kickstand-media-'));
    await writeFiles(loose(), Object.fromEntries(tree6));
    await makeIso(loose(), dvd());
    await writeFiles(join(media, 'b'), Object.fromEntries(treeB));
    await makeIso(join(media, 'b'), dvdB());
    await writeFiles(join(media, 'xcp'), Object.fromEntries(buildTree('xcp-ng')));
    await makeIso(join(media, 'xcp'), join(media, 'xcp.iso'));
    writeFileSync(join(media, 'cut.iso'), readFileSync(dvd()).subarray(0, 150_000));
    writeFileSync(join(media, 'words.iso'), SECRET);
    mkdirSync(join(media, 'empty'));
    execFileSync('mkfifo', [join(media, 'pipe.iso')]);
  });
  afterAll(() => rmSync(media, { recursive: true }));
  beforeEach(async () => {
    appliance = await served(exampleText);
    for (const role of ['viewer', 'operator'] as const) tokens.set(role, appliance.tokenOf(role));
  });
  afterEach(() => appliance.close());

  describe('a medium on the appliance', () => {
    test.each<[string, () => string]>([
      ['an image', dvd],
      ['a directory', loose],
    ])('%s is added, served, removed, and left where it lies', async (_what, path) => {
      const added = await add('dvd', { path: path() });
      expect([added.status, added.headers.get('location'), await added.json()]).toEqual([
        201,
        '/api/v1/trees/dvd',
        { kind: 'added', tree: 'dvd', os: 'rhel-6.2-x86_64', source: path(), done: 'named', needsSync: false },
      ]);
      expect(await fetched('dvd', KERNEL)).toEqual(tree6.get(KERNEL));
      expect(await (await add('dvd', { path: path() })).json()).toMatchObject({ done: 'there' });
      const removed = await remove('dvd');
      expect([removed.status, await removed.json()]).toEqual([
        200,
        { kind: 'removed', tree: 'dvd', source: path(), done: 'removed' },
      ]);
      expect(siteText()).not.toContain('dvd');
      expect(await fetched('dvd', KERNEL)).toBe(404);
      expect((await remove('dvd')).status).toBe(404);
      expect(existsSync(path())).toBe(true);
    });

    test('fills a tree that the site names; taken off, the site still names it', async () => {
      const before = siteText();
      const added = await add('rhel6', { path: dvd() });
      expect([added.status, await added.json()]).toEqual([
        201,
        expect.objectContaining({ done: 'linked', needsSync: false }),
      ]);
      expect(await fetched('rhel6', KERNEL)).toEqual(tree6.get(KERNEL));
      expect(await (await remove('rhel6')).json()).toMatchObject({ done: 'unlinked', source: dvd() });
      expect(await fetched('rhel6', KERNEL)).toBe(404);
      expect(siteText()).toBe(before);
      expect(await refusal(await remove('rhel6'))).toEqual([409, 'the profile management installs from rhel6']);
    });
  });

  describe('an upload', () => {
    test('becomes a tree that outlives it, and takes no more room', async () => {
      await upload('own.iso', dvd());
      const added = await add('own', { upload: 'own.iso' });
      expect([added.status, await added.json()]).toEqual([
        201,
        expect.objectContaining({ os: 'rhel-6.2-x86_64', source: 'own.iso', done: 'named', needsSync: false }),
      ]);
      expect(await (await add('own', { upload: 'own.iso' })).json()).toMatchObject({ done: 'there' });
      const kept = data('media', 'uploaded', readdirSync(data('media', 'uploaded'))[0] ?? '');
      expect(statSync(kept).ino).toBe(statSync(data('templates', 'own.iso')).ino);
      expect(siteText()).toContain(`iso: uploaded/${basename(kept)}`);
      // It goes with its tree: no other one comes to rest on it.
      symlinkSync(kept, data('media', 'link.iso'));
      for (const path of [kept, data('media', 'link.iso')]) expect((await add('other', { path })).status).toBe(422);
      expect((await ask('/api/v1/templates/own.iso', { method: 'DELETE' })).status).toBe(204);
      expect(await fetched('own', KERNEL)).toEqual(tree6.get(KERNEL));
      expect(await (await remove('own')).json()).toMatchObject({ done: 'removed', freedBytes: statSync(dvd()).size });
      expect(readdirSync(data('media', 'uploaded'))).toEqual([]);
    });

    test('is left among the templates when the tree goes first', async () => {
      await upload('own.iso', dvd());
      await add('own', { upload: 'own.iso' });
      expect(await (await remove('own')).json()).toMatchObject({ done: 'removed', freedBytes: 0 });
      expect((await ask('/templates/own.iso')).status).toBe(200);
    });

    test('fills a tree that the site names, is replaced by another one, and goes with the link', async () => {
      await upload('first.iso', dvd());
      await upload('second.iso', dvdB());
      expect(await (await add('rhel6', { upload: 'first.iso' })).json()).toMatchObject({ done: 'linked' });
      expect(await (await add('rhel6', { upload: 'first.iso' })).json()).toMatchObject({ done: 'there' });
      expect(await fetched('rhel6', KERNEL)).toEqual(tree6.get(KERNEL));
      expect(await (await add('rhel6', { upload: 'second.iso' })).json()).toMatchObject({ done: 'linked' });
      expect(await fetched('rhel6', KERNEL)).toEqual(treeB.get(KERNEL));
      expect(readdirSync(data('media', 'uploaded'))).toHaveLength(1);
      for (const name of ['first.iso', 'second.iso']) await ask(`/api/v1/templates/${name}`, { method: 'DELETE' });
      expect(await fetched('rhel6', KERNEL)).toEqual(treeB.get(KERNEL));
      expect(await (await remove('rhel6')).json()).toMatchObject({
        done: 'unlinked',
        freedBytes: statSync(dvdB()).size,
      });
      expect(readdirSync(data('media', 'uploaded'))).toEqual([]);
    });

    test('asked for twice at once under one name, is one tree', async () => {
      await upload('first.iso', dvd());
      await upload('second.iso', dvdB());
      const answers = await Promise.all([add('own', { upload: 'first.iso' }), add('own', { upload: 'second.iso' })]);
      const winner = answers.findIndex(({ status }) => status === 201);
      expect(answers[1 - winner]?.status).toBe(409);
      expect(await fetched('own', KERNEL)).toEqual((winner === 0 ? tree6 : treeB).get(KERNEL));
      expect(readdirSync(data('media', 'uploaded'))).toHaveLength(1);
    });

    test('that the site file refuses leaves nothing behind', async () => {
      await upload('own.iso', dvd());
      const many = Array.from({ length: 254 }, (_, index) => `  - { name: t${index}, iso: t${index}.iso }\n`).join('');
      for (const [text, status, detail] of [
        [`${exampleText}wrong: 1\n`, 409, 'the site file has problems already'],
        [exampleText.replace('trees:\n', `trees:\n${many}`), 422, 'the site would have problems'],
      ] as const) {
        writeFileSync(join(appliance.directory, 'site.yaml'), text);
        expect(await refusal(await add('own', { upload: 'own.iso' }))).toEqual([status, detail]);
        expect(siteText()).toBe(text);
        expect(existsSync(data('media', 'uploaded')) ? readdirSync(data('media', 'uploaded')) : []).toEqual([]);
      }
    });

    // Another file system is to be had nearly everywhere.
    const other = '/dev/shm';
    test.skipIf(!existsSync(other))('that cannot be linked is refused with what to do', async () => {
      const elsewhere = mkdtempSync(join(other, 'kickstand-media-'));
      try {
        if (statSync(elsewhere).dev === statSync(media).dev) return;
        await upload('own.iso', dvd());
        rmSync(data('media'), { recursive: true });
        symlinkSync(elsewhere, data('media'));
        const answer = await add('own', { upload: 'own.iso' });
        expect([answer.status, await answer.json()]).toEqual([
          409,
          expect.objectContaining({
            detail: 'own.iso cannot be linked into DATA/media (EXDEV)',
            remedy: expect.stringContaining('on one file system'),
          }),
        ]);
        expect(siteText()).toBe(exampleText);
      } finally {
        rmSync(elsewhere, { recursive: true });
      }
    });
  });

  test('from a URL it is named, synced at once where that is asked for, and removed with all of it', async () => {
    const upstream = await startUpstream(tree6);
    try {
      const { url } = upstream;
      const secret = await add('mirrored', { url: url.replace('http://', 'http://anna:the-password@') });
      expect([secret.status, await secret.text()]).toEqual([
        422,
        expect.stringContaining('the URL holds a user or password'),
      ]);
      const added = await add('mirrored', { url });
      expect([added.status, await added.json()]).toEqual([
        201,
        { kind: 'added', tree: 'mirrored', source: url, done: 'named', needsSync: true },
      ]);
      expect(siteText()).toContain(url);
      const held = Promise.withResolvers<void>();
      upstream.always(KERNEL, (_request, response, bytes) => void held.promise.then(() => response.end(bytes)));
      expect((await ask('/api/v1/trees/mirrored/syncs', { method: 'POST' })).status).toBe(202);
      await expect.poll(() => upstream.log.some(({ path }) => path === KERNEL)).toBe(true);
      expect(await refusal(await remove('mirrored'))).toEqual([409, 'the tree mirrored is being synced']);
      held.resolve();
      await expect.poll(() => fetched('mirrored', KERNEL), { timeout: 20_000 }).toEqual(tree6.get(KERNEL));
      await expect.poll(async () => (await remove('mirrored')).status).toBe(200);
      expect(readdirSync(data('pool')).filter((name) => /^[0-9a-f]/.test(name))).toEqual([]);
    } finally {
      await upstream.close();
    }
    expect(readFileSync(data('audit.log'), 'utf8')).not.toContain('the-password');
  }, 60_000);

  describe('is refused', () => {
    const NONE = (path: string): string => `${path} is no install medium that the appliance can read`;
    test.each<[string, () => unknown, number, string | (() => string)]>([
      ['a path that is not there', () => ({ path: '/nowhere/x.iso' }), 422, () => NONE('/nowhere/x.iso')],
      ['a file that is none', () => ({ path: join(media, 'words.iso') }), 422, () => NONE(join(media, 'words.iso'))],
      ['an image that is cut off', () => ({ path: join(media, 'cut.iso') }), 422, () => NONE(join(media, 'cut.iso'))],
      ['an empty directory', () => ({ path: join(media, 'empty') }), 422, () => NONE(join(media, 'empty'))],
      [
        'a pipe, without waiting for it',
        () => ({ path: join(media, 'pipe.iso') }),
        422,
        () => NONE(join(media, 'pipe.iso')),
      ],
      ['a device', () => ({ path: '/dev/zero' }), 422, NONE('/dev/zero')],
      ['a file for root alone', () => ({ path: '/etc/shadow' }), 422, NONE('/etc/shadow')],
      ['the root of it all', () => ({ path: '/' }), 422, NONE('/')],
      ['the appliance’s own data', () => ({ path: data('secrets') }), 422, () => NONE(data('secrets'))],
      [
        'an upload by its path',
        () => ({ path: data('templates', 'own.iso') }),
        422,
        () => NONE(data('templates', 'own.iso')),
      ],
      ['a relative path', () => ({ path: 'x.iso' }), 400, 'the body: from.path: is an absolute path'],
      ['two places', () => ({ path: '/x', url: 'http://x/' }), 400, 'the body: from: is one of path, url and upload'],
      ['no place', () => ({}), 400, 'the body: from: is one of path, url and upload'],
      ['a URL of another kind', () => ({ url: 'file:///etc' }), 400, 'the body: from.url: is an http or https URL'],
      ['an upload that is not there', () => ({ upload: 'none.iso' }), 409, 'there is no template or ISO "none.iso"'],
      [
        'an upload above them',
        () => ({ upload: '../x.iso' }),
        400,
        'the body: from.upload: is the name of an uploaded ISO',
      ],
      ['an upload that is no image', () => ({ upload: 'disk.qcow2' }), 422, 'disk.qcow2 is no ISO image'],
      ['an upload that is no medium', () => ({ upload: 'words.iso' }), 422, /words\.iso: .*ISO 9660/.source],
    ])('%s', async (_what, from, status, detail) => {
      await upload('own.iso', dvd());
      await upload('words.iso', join(media, 'words.iso'));
      await upload('disk.qcow2', join(media, 'words.iso'));
      const answer = await add('dvd', from());
      const said = await refusal(answer);
      const wanted = typeof detail === 'string' ? detail : detail();
      expect(said).toEqual([status, wanted.includes('.*') ? expect.stringMatching(wanted) : wanted]);
      expect(siteText()).toBe(exampleText);
      expect(readdirSync(data('media'))).toEqual([]);
      expect(JSON.stringify(said)).not.toContain(SECRET);
    });

    test.each<[string, string, () => unknown, number, string | RegExp]>([
      ['a name that is none', '../dvd', () => ({ path: dvd() }), 400, 'the body: name: is the name of a tree'],
      [
        'another system than the site says',
        'rhel6',
        () => ({ path: join(media, 'xcp.iso') }),
        409,
        /^the medium holds xcp-ng-8\.3\.0-x86_64, the site says that rhel6 is rhel-6\.2/,
      ],
      [
        'another kind than the site says',
        'rhel6',
        () => ({ path: loose() }),
        409,
        'the site gives rhel6 by iso, this is one by directory',
      ],
      [
        'a URL for a tree from elsewhere',
        'rhel6',
        () => ({ url: 'http://127.0.0.1:1/' }),
        409,
        /^the site has a tree rhel6 that comes from elsewhere/,
      ],
    ])('%s', async (_what, name, from, status, detail) => {
      const said = await refusal(await add(name, from()));
      expect(said).toEqual([status, typeof detail === 'string' ? detail : expect.stringMatching(detail)]);
      expect([siteText(), readdirSync(data('media'))]).toEqual([exampleText, []]);
    });

    test('to whoever is no operator', async () => {
      for (const role of ['viewer', undefined] as const) {
        const status = role === undefined ? 401 : 403;
        expect((await ask('/api/v1/trees', { method: 'POST', body: '{}', role })).status).toBe(status);
        expect((await ask('/api/v1/trees/rhel6', { method: 'DELETE', role })).status).toBe(status);
      }
    });

    test('while a host is armed for it, to be removed or replaced', async () => {
      await add('rhel6', { path: dvd() });
      await armAnyway(appliance.running, 'cs40', { token: 'a-token', valueOf: () => 'x'.repeat(20) });
      const why = 'hosts are armed for the tree rhel6, or install from it: cs40';
      expect(await refusal(await remove('rhel6'))).toEqual([409, why]);
      expect(await refusal(await add('rhel6', { path: dvdB() }))).toEqual([409, why]);
      expect(await (await add('rhel6', { path: dvd() })).json()).toMatchObject({ done: 'there' });
      expect(await fetched('rhel6', KERNEL)).toEqual(tree6.get(KERNEL));
    });

    test('where a file of somebody’s own lies, to be replaced', async () => {
      const own = data('media', 'RHEL6.2-20111117.0-Server-x86_64-DVD1.iso');
      writeFileSync(own, 'precious');
      expect(await refusal(await add('rhel6', { path: dvd() }))).toEqual([
        409,
        expect.stringMatching(/ is there already$/),
      ]);
      await upload('own.iso', dvd());
      expect((await add('rhel6', { upload: 'own.iso' })).status).toBe(409);
      expect([readFileSync(own, 'utf8'), readdirSync(data('media', 'uploaded'))]).toEqual(['precious', []]);
    });
  });

  test('is not removed by who saw another one', async () => {
    await add('dvd', { path: dvd() });
    const seen = (await ask('/api/v1/trees/dvd')).headers.get('etag') ?? '';
    const gone = (etag: string): Promise<Response> =>
      ask('/api/v1/trees/dvd', { method: 'DELETE', headers: { 'if-match': etag } });
    expect((await gone('"another"')).status).toBe(412);
    expect((await gone(seen)).status).toBe(200);
  });

  test('added over the API, is removed by the command with the upload it kept', async () => {
    await upload('own.iso', dvd());
    await add('own', { upload: 'own.iso' });
    await ask('/api/v1/templates/own.iso', { method: 'DELETE' });
    const place = ['--site', join(appliance.directory, 'site.yaml'), '--data', data()];
    const ran = await kickstand(['tree', 'remove', 'own', ...place]);
    expect([ran.code, ran.out]).toEqual([
      0,
      expect.stringMatching(/what was uploaded for it is removed \(.*set free\)/),
    ]);
    expect(readdirSync(data('media', 'uploaded'))).toEqual([]);
    await expect.poll(() => fetched('own', KERNEL)).toBe(404);
  });

  test('each change is in the log of changes, with what was and what became of it', async () => {
    await add('dvd', { path: dvd() });
    await remove('dvd');
    const { items } = (await (await ask('/api/v1/activity')).json()) as { items: unknown[] };
    expect(items).toEqual([
      expect.objectContaining({ operation: 'removeTree', target: '/api/v1/trees/dvd', before: `dvd from ${dvd()}` }),
      expect.objectContaining({ operation: 'addTree', status: 201, after: `dvd from ${dvd()}` }),
    ]);
  });
});

type Init = {
  readonly method?: string;
  readonly body?: string | Uint8Array<ArrayBuffer>;
  readonly role?: 'viewer' | 'operator' | undefined;
  readonly headers?: Readonly<Record<string, string>>;
};

function ask(path: string, init: Init = {}): Promise<Response> {
  const { role, ...rest } = { role: 'operator' as const, ...init };
  const authorization = role === undefined ? {} : { authorization: `Bearer ${tokens.get(role) ?? ''}` };
  const type = typeof init.body === 'string' ? { 'content-type': 'application/json' } : {};
  return fetch(`${appliance.origin}${path}`, { ...rest, headers: { ...authorization, ...type, ...init.headers } });
}

function add(name: string, from: unknown): Promise<Response> {
  return ask('/api/v1/trees', { method: 'POST', body: JSON.stringify({ name, from }) });
}

function remove(name: string): Promise<Response> {
  return ask(`/api/v1/trees/${name}`, { method: 'DELETE' });
}

async function upload(name: string, file: string): Promise<void> {
  const body = new Uint8Array(readFileSync(file));
  const { status } = await ask(`/templates/${name}`, { method: 'PUT', body });
  if (status !== 201) throw new Error(`the upload of ${name} was answered with ${status}`);
}

/** A file of a tree as anyone gets it, or the status of the refusal. */
async function fetched(tree: string, path: string): Promise<Buffer | number> {
  const response = await fetch(`${appliance.origin}/trees/${tree}/${path}`);
  const bytes = Buffer.from(await response.arrayBuffer());
  return response.status === 200 ? bytes : response.status;
}

async function refusal(response: Response): Promise<readonly [number, string]> {
  const { detail = '' } = (await response.json()) as { detail?: string };
  return [response.status, detail];
}
