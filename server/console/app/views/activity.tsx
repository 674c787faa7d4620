// What went on: what people changed, and what happened by itself; each a tab with an address of its own.

import { useMay } from '../parts/app.ts';
import { Link } from '../parts/pieces.tsx';
import type { Search } from '../route.ts';
import { addressOf } from '../route.ts';
import { Changes } from './changes.tsx';
import { Happenings } from './happenings.tsx';

const TABS = [
  ['', 'Changes'],
  ['events', 'Events'],
] as const;

export function Activity({ search }: { readonly search: Search }) {
  const isAllowed = useMay('operator');
  const here = search['show'] === 'events' ? 'events' : '';
  return (
    <>
      <h1>Activity</h1>
      <nav class="tabs" aria-label="Kinds of activity">
        {TABS.map(([show, words]) => (
          <Link key={show} to={addressOf('/activity', { show })} current={show === here}>
            {words}
          </Link>
        ))}
      </nav>
      {here === 'events' ? (
        <Happenings key="events" search={search} />
      ) : isAllowed ? (
        <Changes key="changes" search={search} />
      ) : (
        <p>Operators and admins read what was changed by whom.</p>
      )}
    </>
  );
}
