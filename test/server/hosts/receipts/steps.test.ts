// The steps of a rendered %post are counted; those of the scripts it carries are not.

import { expect, test } from 'vitest';
import { renderKickstart } from '../../../../kickstart/render.ts';
import { countSteps } from '../../../../server/hosts/receipts/steps.ts';
import { isNo } from '../../../../server/malformed.ts';
import { cs40, secrets } from '../../../support/installs.ts';

test.each<[string, string, number]>([
  ['nothing', '', 0],
  ['a %post with two', '%post\nbegin files\n(\n)\nbegin services\n%end\n', 2],
  ['the same words before it', '%pre\nbegin files\n%end\n%post\nbegin files\n%end\n', 1],
  [
    'a script that it writes',
    "%post\nbegin files\ncat <<'END' | place 0700 /etc/x\nbegin hostname\nEND\nbegin last\n%end\n",
    2,
  ],
  [
    'a script with a here-document of its own',
    "%post\ncat <<'END_2' > /x\ncat <<'END' > /y\nbegin one\nEND\nbegin two\nEND_2\nbegin files\n%end\n",
    1,
  ],
  ['an answerfile', '<installation>\nbegin files\n</installation>\n', 0],
])('%s', (_what, text, steps) => {
  expect(countSteps(text)).toBe(steps);
});

test('in the management server of the example, as many as its %post announces itself', () => {
  const text = renderKickstart(cs40, secrets);
  if (isNo(text)) throw new Error(text.reason);
  const outer = text.slice(text.indexOf('%post')).replaceAll(/<<'(\w+)'.*\n[^]*?\n\1\n/g, '\n');
  expect(countSteps(text)).toBe(outer.match(/^begin .+$/gm)?.length);
  expect(countSteps(text)).toBeGreaterThan(2);
});
