// The page shows what stands where, and hostile text stays text.

import { expect, test } from 'vitest';
import type { PageModel } from '../../../server/console/page.ts';
import { renderPage } from '../../../server/console/page.ts';

const hostile = '<script>alert(1)</script>"\'&';
const model: PageModel = {
  site: hostile,
  now: 4 * 86_400_000,
  warnings: [hostile],
  hosts: [
    {
      name: 'cs40',
      profile: hostile,
      address: '192.168.168.2',
      macs: ['52:54:00:a8:a8:02'],
      phase: 'armed',
      reason: hostile,
      changedAt: 0,
      verdict: { health: 'wrong', summary: hostile, remedy: hostile, certainty: 'likely' },
    },
  ],
  repos: [
    {
      name: 'cloudstack',
      current: undefined,
      snapshots: 0,
      upstream: hostile,
      lastSync: { cause: 'schedule', startedAt: 1, endedAt: 86_400_000, outcome: 'failed', progress: undefined },
      runningSync: {
        cause: 'retry',
        startedAt: 2,
        endedAt: undefined,
        outcome: undefined,
        progress: {
          phase: hostile,
          filesDone: 1,
          filesTotal: 9,
          bytesDone: 1_500_000,
          bytesTotal: 3_000_000,
          bytesPerSecond: 100_000,
          etaSeconds: 150,
        },
      },
      nextSync: 5 * 86_400_000,
      alarm: hostile,
    },
  ],
  trees: [{ name: 'rhel6', ready: false, what: hostile, remedy: hostile }],
  discovered: [
    {
      mac: hostile,
      firmware: hostile,
      vendorClass: hostile,
      userClass: hostile,
      hostname: hostile,
      address: hostile,
      lastSeen: 1,
    },
  ],
};

test('names, states and remedies are on it', () => {
  const page = renderPage(model);
  for (const part of [
    'cs40',
    'armed',
    '192.168.168.2',
    'never synced',
    'absent',
    '/bundles/cs40.tar.gz',
    '/hosts/cs40',
    'wrong',
    'failed',
    '<td>3 days</td>',
    '1970-01-06 00:00 UTC',
    '1 of 9 files, 1.5 of 3.0 MB, 0.1 MB/s, 2 min left',
    '<progress max="3000000" value="1500000">',
  ])
    expect(page).toContain(part);
});

test('no value becomes markup', () => {
  const page = renderPage(model);
  expect(page).not.toContain('<script');
  expect(page.match(/&lt;script&gt;alert\(1\)&lt;\/script&gt;&quot;&#39;&amp;/g)).toHaveLength(17);
});
