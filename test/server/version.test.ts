// The version that commands show is the one that package.json has.

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { version } from '../../server/version.ts';

test('there is one version', () => {
  expect(JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))).toMatchObject({ version });
});
