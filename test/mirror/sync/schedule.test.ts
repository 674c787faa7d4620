// Which schedules a site means.

import { expect, test } from 'vitest';
import { planSchedules } from '../../../mirror/sync/schedule.ts';

test('only repos with a schedule have one, in the site’s time zone', () => {
  const repos = [
    { name: 'a', schedule: '0 3 * * *' },
    { name: 'b', schedule: undefined },
  ];
  expect(planSchedules({ name: 'lab', timezone: 'Asia/Shanghai', repos })).toEqual([
    { site: 'lab', repo: 'a', cron: '0 3 * * *', timezone: 'Asia/Shanghai' },
  ]);
});
