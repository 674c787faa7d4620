// Compares a text with its golden file under test/golden; UPDATE_GOLDEN=1 rewrites the file instead.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { expect } from 'vitest';

const GOLDENS = fileURLToPath(new URL('../golden/', import.meta.url));

/** `name` is relative to test/golden, as `bundle/files-management-el6.txt`. A missing golden fails. */
export function golden(name: string, text: string): void {
  const path = join(GOLDENS, name);
  if (process.env['UPDATE_GOLDEN'] === '1') {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
  expect(text).toBe(readFileSync(path, 'utf8'));
}
