// The page shows what stands where, and hostile text stays text.

import { expect, test } from 'vitest';
import type { PageModel } from '../../../server/console/page.ts';
import { renderPage } from '../../../server/console/page.ts';

const hostile = '<script>alert(1)</script>"\'&';
const model: PageModel = {
  site: hostile,
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
  repos: [{ name: 'cloudstack', current: undefined, snapshots: 0, upstream: hostile }],
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
  ])
    expect(page).toContain(part);
});

test('no value becomes markup', () => {
  const page = renderPage(model);
  expect(page).not.toContain('<script');
  expect(page.match(/&lt;script&gt;alert\(1\)&lt;\/script&gt;&quot;&#39;&amp;/g)).toHaveLength(15);
});
