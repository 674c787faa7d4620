// Odd URLs answered as Apache answers them, which most mirrors are served by; where we differ on purpose, the row says why.

import { chmod, mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { needs } from '../../support/lab-needs.ts';
import { Daemon } from '../../support/lab-run.ts';
import { askRaw, removeDirectory, serveContent } from './rig.ts';

const APACHE = needs(['apache2'], 'none');

/** What both serve below `/4.0/`: each file's content is its own name, so that a wrong file shows. */
const FILES = [
  'libstdc++-4.4.6-3.el6.x86_64.rpm',
  'a b.rpm',
  'kernel~rc1.rpm',
  'tag^git1.rpm',
  '100%.rpm',
  'é.rpm',
  'Packages/+/~/^/deep.rpm',
  '.treeinfo',
  "semi;colon=1,2&3@4:5!$()*'.rpm",
  '[brackets].rpm',
];

type Row = {
  readonly what: string;
  readonly target: string;
  /** Where we differ: our status, and why. */
  readonly ours?: readonly [status: number, why: string];
};

const NO_REDIRECT = 'content is never redirected: the listing itself';
const ROWS: readonly Row[] = [
  { what: '+ as it is', target: '/4.0/libstdc++-4.4.6-3.el6.x86_64.rpm' },
  { what: '+ escaped', target: '/4.0/libstdc%2B%2b-4.4.6-3.el6.x86_64.rpm' },
  { what: '+ is no space', target: '/4.0/a+b.rpm' },
  { what: 'a space escaped', target: '/4.0/a%20b.rpm' },
  { what: '~ as it is', target: '/4.0/kernel~rc1.rpm' },
  { what: '~ escaped', target: '/4.0/kernel%7Erc1.rpm' },
  { what: '^ as it is', target: '/4.0/tag^git1.rpm' },
  { what: '^ escaped', target: '/4.0/tag%5Egit1.rpm' },
  { what: 'a percent sign', target: '/4.0/100%25.rpm' },
  { what: 'a bare percent sign', target: '/4.0/100%.rpm' },
  { what: 'escaped twice', target: '/4.0/a%2520b.rpm' },
  { what: 'UTF-8 escaped', target: '/4.0/%C3%A9.rpm' },
  { what: 'UTF-8 escaped in small letters', target: '/4.0/%c3%a9.rpm' },
  { what: 'Latin-1 escaped', target: '/4.0/%E9.rpm', ours: [400, 'no UTF-8: said to be unreadable, not missing'] },
  { what: 'an escaped letter', target: '/4.0/%2Etreeinfo' },
  { what: 'sub-delimiters', target: "/4.0/semi;colon=1,2&3@4:5!$()*'.rpm" },
  { what: 'brackets as they are', target: '/4.0/[brackets].rpm' },
  { what: 'odd directories', target: '/4.0/Packages/+/~/^/deep.rpm' },
  { what: 'odd directories escaped', target: '/4.0/Packages/%2B/%7E/%5E/deep.rpm' },
  { what: 'slashes repeated', target: '/4.0//Packages//+/~/^///deep.rpm' },
  { what: 'a slash repeated at the start', target: '//4.0/.treeinfo' },
  { what: 'a segment of one dot', target: '/4.0/./Packages/./+/~/^/deep.rpm' },
  { what: 'a segment of one dot, escaped', target: '/4.0/%2e/.treeinfo' },
  { what: 'a segment of one dot at the start', target: '/./4.0/.treeinfo' },
  { what: 'a directory with a dot at its end', target: '/4.0/Packages/.' },
  { what: 'a segment of two dots', target: '/4.0/Packages/../.treeinfo', ours: [400, 'no client needs it'] },
  { what: 'a query', target: '/4.0/.treeinfo?a=1&b=%2F../..' },
  { what: 'an empty query', target: '/4.0/.treeinfo?' },
  { what: 'the absolute form', target: 'http://h/4.0/.treeinfo' },
  { what: 'a name in other letters', target: '/4.0/.TREEINFO' },
  { what: 'a file with a slash at its end', target: '/4.0/.treeinfo/' },
  { what: 'a path below a file', target: '/4.0/.treeinfo/x' },
  { what: 'a missing file', target: '/4.0/missing' },
  { what: 'a missing directory', target: '/4.0/missing/' },
  { what: 'an escaped slash', target: '/4.0/Packages%2Fx', ours: [400, 'no name holds a slash'] },
  { what: 'NUL', target: '/4.0/a%00b', ours: [400, 'no name holds it'] },
  { what: 'the root of a repo', target: '/4.0/' },
  { what: 'the root of a repo without its slash', target: '/4.0', ours: [200, NO_REDIRECT] },
  { what: 'a directory', target: '/4.0/Packages/' },
  { what: 'a directory with two slashes', target: '/4.0/Packages//' },
  { what: 'a directory without its slash', target: '/4.0/Packages', ours: [200, NO_REDIRECT] },
  { what: 'an odd directory', target: '/4.0/Packages/+/~/%5E/' },
  { what: 'a directory with a query', target: '/4.0/Packages/?C=M;O=A' },
];

describe.skipIf(APACHE.skip)(`against Apache${APACHE.note}`, () => {
  let root = '';
  let home = '';
  let ours: Awaited<ReturnType<typeof serveContent>>;
  let theirs: { readonly port: number; readonly daemon: Daemon };

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'kickstand-content-'));
    home = await mkdtemp(join(tmpdir(), 'kickstand-apache-'));
    await chmod(root, 0o755); // Apache's worker is no root
    for (const name of FILES) {
      const file = join(root, '4.0', name);
      await mkdir(join(file, '..'), { recursive: true });
      await writeFile(file, name);
    }
    ours = await serveContent(join(root, '4.0'));
    theirs = await startApache(root, home);
  });

  afterAll(async () => {
    await theirs.daemon.stop();
    await ours.close();
    await removeDirectory(root);
    await removeDirectory(home);
  });

  const answerOf = async (port: number, target: string) => {
    const text = await askRaw(port, `GET ${target} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n`);
    const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1]);
    const body = Buffer.from(text.slice(text.indexOf('\r\n\r\n') + 4), 'latin1').toString();
    // Listings and errors are each server's own; of a listing only what it links to must agree.
    return { status, body: status !== 200 ? '' : body.startsWith('<!DOCTYPE') ? linked(body) : body };
  };

  test.each(ROWS.filter((row) => row.ours === undefined))('the same: $what', async ({ target }) => {
    expect(await answerOf(ours.port, target)).toEqual(await answerOf(theirs.port, target));
  });

  test.each(ROWS.filter((row) => row.ours !== undefined))('on purpose not the same: $what', async (row) => {
    const [mine, reference] = [await answerOf(ours.port, row.target), await answerOf(theirs.port, row.target)];
    expect(mine.status).toBe(row.ours?.[0]);
    expect(reference.status).not.toBe(mine.status);
  });

  test('each file by the name that a listing links to', async () => {
    for (const directory of ['/4.0/', '/4.0']) {
      const page = await askRaw(ours.port, `GET ${directory} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n`);
      const links = [...page.matchAll(/href="([^"]+[^/])"/g)].map((match) => match[1] ?? '');
      expect(links).toHaveLength(FILES.length - 1); // one lies deeper
      for (const link of links) {
        const [mine, reference] = [await answerOf(ours.port, link), await answerOf(theirs.port, link)];
        expect([mine, reference.status]).toEqual([reference, 200]);
      }
    }
  });
});

/** The names that a listing leads to, whatever the form of its links; not the parent, nor columns to sort by. */
function linked(page: string): string {
  const targets = [...page.matchAll(/href="([^"?]+)"/g)].map((match) =>
    decodeURIComponent((match[1] ?? '').replaceAll('&amp;', '&')),
  );
  const names = targets.map((target) => /([^/]+\/?)$/.exec(target)?.[1] ?? '');
  return names
    .filter((name) => !['4.0/', 'Packages/', '+/', '~/', '^/', ''].includes(name))
    .toSorted()
    .join('\n');
}

async function startApache(root: string, home: string): Promise<{ port: number; daemon: Daemon }> {
  const modules = ['mpm_event', 'authz_core', 'dir', 'autoindex'].map(
    (name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`,
  );
  // It cannot be asked for any free port: should another take the one found here meanwhile, another is tried.
  for (let tries = 1; ; tries += 1) {
    const port = await freePort();
    const lines = [
      ...modules,
      ...['ServerName h', `Listen 127.0.0.1:${port}`, `ServerRoot ${home}`, `PidFile ${home}/pid`],
      ...[`DefaultRuntimeDir ${home}`, `ErrorLog ${home}/errors`, 'LogLevel notice', 'Mutex pthread default'],
      ...['StartServers 1', 'ServerLimit 1', 'ThreadsPerChild 4', 'MaxRequestWorkers 4'],
      ...(process.getuid?.() === 0 ? ['User www-data', 'Group www-data'] : []),
      ...[`DocumentRoot ${root}`, `<Directory ${root}>`, 'Require all granted', 'Options Indexes'],
      ...['IndexOptions FancyIndexing ShowForbidden', 'IndexIgnoreReset ON', '</Directory>', ''],
    ];
    await writeFile(join(home, 'apache.conf'), lines.join('\n'));
    const daemon = new Daemon(['apache2', '-f', join(home, 'apache.conf'), '-DFOREGROUND']);
    if (await listens(daemon, port)) return { port, daemon };
    const said = daemon.output + (await readFile(join(home, 'errors'), 'utf8').catch(() => ''));
    await daemon.stop();
    if (tries === 3) throw new Error(`apache2 does not start:\n${said}`);
  }
}

/** True once it answers; false where it ended. */
async function listens(daemon: Daemon, port: number): Promise<boolean> {
  const ended = daemon.exited.then(() => 'ended' as const);
  for (;;) {
    const answer = askRaw(port, 'GET / HTTP/1.0\r\n\r\n').catch(() => '');
    if ((await answer) !== '') return true;
    // An end that is known by now comes first; a promise already kept is the other way out.
    if ((await Promise.race([ended, Promise.resolve('running')])) === 'ended') return false;
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  await new Promise((resolve) => {
    server.close(resolve);
  });
  if (address === null || typeof address === 'string') throw new Error('no TCP port');
  return address.port;
}
