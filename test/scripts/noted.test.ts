// Who a command says it is: the user's name, or its number where it has none.

import { execFileSync } from 'node:child_process';
import { userInfo } from 'node:os';
import { expect, test } from 'vitest';
import { commandUserHeader } from '../../server/accounts/command-user.ts';
import { commandUser } from '../../scripts/cli/noted.ts';

const NAMELESS = 54_321;
const TELL = `import(${JSON.stringify(new URL('../../scripts/cli/noted.ts', import.meta.url).href)})
  .then(({ commandUser }) => process.stdout.write(commandUser().by))`;

test('a user by its name', () => expect(commandUser().by).toContain(userInfo().username));

// Only root becomes somebody else.
test.skipIf(process.getuid?.() !== 0)('a user without a name by its number, which the appliance takes for one', () => {
  const by = execFileSync(process.execPath, ['-e', TELL], { uid: NAMELESS, encoding: 'utf8' });
  expect([by, Object.values(commandUserHeader(by))]).toEqual(['uid-54321', ['uid-54321']]);
});
