// The house keeps its plan: import rules, the three kinds of file, and that the check itself can fail.

import { readFileSync, readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { breaches } from './support/architecture.ts';

const root = new URL('..', import.meta.url).pathname;
const folders = ['server', 'kickstart', 'mirror', 'scripts', 'test'];

describe('the house', () => {
  test('keeps the rules of docs/architecture.md', () => {
    const paths = folders.flatMap((folder) =>
      readdirSync(`${root}${folder}`, { recursive: true, encoding: 'utf8' }).map((name) => `${folder}/${name}`),
    );
    const files = paths
      .filter((path) => /\.tsx?$/.test(path))
      .map((path) => ({ path, text: readFileSync(`${root}${path}`, 'utf8') }));
    expect(files.length).toBeGreaterThan(20);
    expect(breaches(files)).toEqual([]);
  });

  test('has no other folder with code', () => {
    const entries = readdirSync(root, { withFileTypes: true }).filter(
      (entry) => entry.isDirectory() && !entry.name.startsWith('.'),
    );
    const others = entries
      .map((entry) => entry.name)
      .filter((name) => !['docs', 'node_modules', 'data', ...folders].includes(name));
    expect(others).toEqual([]);
  });
});

const head = '// Says what it is for.\n';

describe('a planted breach is found', () => {
  test.each<[string, string, string, string]>([
    [
      'a pure file that reads the disk',
      'mirror/rpm/evr.ts',
      "import { readFile } from 'node:fs/promises';",
      'only edges import node:fs/promises',
    ],
    [
      'a pure file that opens a socket',
      'server/tftp/packet.ts',
      "import dgram from 'node:dgram';",
      'only edges import node:dgram',
    ],
    [
      'a pure file that asks the clock',
      'server/boot/decide.ts',
      'export const at = (): number => Date.now();',
      'only edges name Date.now',
    ],
    [
      'a pure file that asks for the date',
      'server/boot/decide.ts',
      'export const at = new Date();',
      'only edges name new Date()',
    ],
    [
      'a pure file that rolls dice',
      'server/boot/decide.ts',
      'export const id = Math.random();',
      'only edges name Math.random',
    ],
    [
      'a pure file that reads the environment',
      'kickstart/render.ts',
      'export const home = process.env.HOME;',
      'only edges name process',
    ],
    ['a pure file that prints', 'kickstart/render.ts', "console.log('x');", 'only edges name console'],
    ['a pure file that waits', 'kickstart/render.ts', 'setTimeout(() => {}, 1);', 'only edges name setTimeout'],
    ['a pure file with Express', 'kickstart/render.ts', "import express from 'express';", 'only edges import express'],
    [
      'the mirror knows the boot side',
      'mirror/content/catalog.ts',
      "import { decideBoot } from '../../server/boot/decide.ts';",
      'may not import server/boot/decide.ts',
    ],
    [
      'the mirror keeps evidence elsewhere than of syncs',
      'mirror/content/catalog.ts',
      "import { openEvidence } from '../../server/evidence/store.ts';",
      'may not import server/evidence/store.ts',
    ],
    [
      'TFTP decides',
      'server/tftp/listener.ts',
      "import { decideBoot } from '../boot/decide.ts';",
      'may not import server/boot/decide.ts',
    ],
    [
      'a leaf imports a room',
      'server/address.ts',
      "import { parseSite } from './site/parse.ts';",
      'may not import server/site/parse.ts',
    ],
    [
      'a room imports the root',
      'server/api/routes.ts',
      "import { serve } from '../main.ts';",
      'may not import server/main.ts',
    ],
    [
      'a type crosses rooms',
      'server/hosts/routes.ts',
      "import type { X } from '../boot/query.ts';",
      'may not import server/boot/query.ts',
    ],
    [
      'a room imports a script',
      'server/site/parse.ts',
      "import { x } from '../../scripts/cli.ts';",
      'may not import scripts/cli.ts',
    ],
    ['a new top-level folder', 'lib/text.ts', 'export const x = 1;', 'lib is no folder for code'],
    ['a default export', 'mirror/rpm/evr.ts', 'export default 1;', 'has a default export'],
    ['a barrel', 'mirror/rpm/index.ts', 'export const x = 1;', 'barrels are not built here'],
  ])('%s', (_name, path, text, breach) => {
    expect(breaches([{ path, text: `${head}\n${text}\n` }])).toEqual([`${path}: ${breach}`]);
  });

  test('a file that does not say what it is for', () => {
    expect(breaches([{ path: 'mirror/rpm/evr.ts', text: 'export const x = 1;\n' }])).toEqual([
      'mirror/rpm/evr.ts: its first line is no sentence about its job',
    ]);
  });

  test('a cycle', () => {
    const a = { path: 'mirror/rpm/a.ts', text: `${head}import { b } from './b.ts';\nexport const a = b;\n` };
    const b = { path: 'mirror/rpm/b.ts', text: `${head}import { a } from './a.ts';\nexport const b = a;\n` };
    expect(breaches([a, b])).toEqual(['import cycle: mirror/rpm/a.ts → mirror/rpm/b.ts → mirror/rpm/a.ts']);
  });

  test('what is allowed passes', () => {
    const files = [
      {
        path: 'server/tftp/listener.ts',
        text: `${head}import dgram from 'node:dgram';\nimport { no } from '../malformed.ts';\nexport const at = Date.now() + (dgram ? 1 : 0) + (no ? 1 : 0);\n`,
      },
      {
        path: 'kickstart/render.ts',
        text: `${head}// process.env and Date.now are words here\nimport type { Socket } from 'node:net';\nexport const x = 'console.log';\nexport type Y = Socket;\n`,
      },
    ];
    expect(breaches(files)).toEqual([]);
  });
});
