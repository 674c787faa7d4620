// What was changed, by whom and from where.

import type { AuditEntry, Page } from '../api/types.ts';
import { filterActivity } from '../activity.ts';
import { useApp, useLive, useMay } from '../parts/app.ts';
import { Await, Badge, Field, Grid, Time } from '../parts/pieces.tsx';
import type { Search } from '../route.ts';
import { addressOf } from '../route.ts';

const ACTIVITY_MS = 10_000;

export function Activity({ search }: { readonly search: Search }) {
  const isAllowed = useMay('operator');
  const seen = useLive<Page<AuditEntry>>(isAllowed ? '/api/v1/activity?limit=1000' : undefined, ACTIVITY_MS);
  const { navigation } = useApp();
  if (!isAllowed)
    return (
      <>
        <h1>Activity</h1>
        <p>Operators and admins read what was changed by whom.</p>
      </>
    );
  return (
    <>
      <h1>Activity</h1>
      <div class="filter" role="search">
        <Field label="Filter">
          <input
            type="search"
            value={search['q'] ?? ''}
            placeholder="who, what, where …"
            onInput={({ currentTarget }) =>
              navigation.go(addressOf('/activity', { q: currentTarget.value }), 'replace')
            }
          />
        </Field>
      </div>
      <Await for={seen}>
        {({ items }) => (
          <Grid
            label="Activity"
            heads={['When', 'Who', 'From', 'What', 'On', 'Outcome']}
            rows={filterActivity(items, search['q'] ?? '').map((entry) => [
              <Time at={entry.at} />,
              entry.who === '' ? 'nobody' : `${entry.who} (${entry.via})`,
              entry.address,
              entry.operation,
              [entry.target, entry.detail].filter((part) => part !== undefined).join(' '),
              <Badge state={entry.status === 0 || entry.status < 400 ? 'done' : `refused ${entry.status}`} />,
            ])}
            empty="Nothing like that was done."
          />
        )}
      </Await>
    </>
  );
}
