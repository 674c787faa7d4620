// What happened by itself: to hosts, in syncs and jobs, to the site file, on the wire; the newest as it comes.

import { aboutOf, happeningsPath } from '../activity.ts';
import type { Happening } from '../api/site-types.ts';
import { PAGE, ShowMore, useGrowing, useTyped } from '../parts/growing.tsx';
import { Await, Badge, Field, Grid, Link, Time } from '../parts/pieces.tsx';
import type { Search } from '../route.ts';

/** Of hosts, syncs and jobs an event tells at once; this is for the rest. */
const LOOK_MS = 30_000;

export function Happenings({ search }: { readonly search: Search }) {
  return (
    <>
      <Filter search={search} />
      <Entries key={happeningsPath(search, PAGE)} search={search} />
    </>
  );
}

const KINDS = [
  ['', 'all'],
  ['host', 'hosts'],
  ['sync', 'syncs'],
  ['job', 'jobs'],
  ['site', 'the site file'],
  ['dhcp', 'other DHCP servers'],
] as const;
const OUTCOMES = [
  ['', 'all'],
  ['wrong', 'wrong'],
  ['fine', 'fine'],
] as const;

function Filter({ search }: { readonly search: Search }) {
  const [typed, setTyped] = useTyped(search);
  const choice = (key: string, label: string, choices: readonly (readonly [string, string])[]) => (
    <Field label={label}>
      <select
        value={typed[key] ?? ''}
        onChange={({ currentTarget }) => setTyped({ ...typed, [key]: currentTarget.value })}
      >
        {choices.map(([value, words]) => (
          <option key={value} value={value}>
            {words}
          </option>
        ))}
      </select>
    </Field>
  );
  return (
    <div class="filter" role="search">
      <Field label="About">
        <input
          type="search"
          value={typed['about'] ?? ''}
          placeholder="cs40"
          maxLength={100}
          onInput={({ currentTarget }) => setTyped({ ...typed, about: currentTarget.value })}
        />
      </Field>
      {choice('kind', 'Kind', KINDS)}
      {choice('outcome', 'Outcome', OUTCOMES)}
    </div>
  );
}

function Entries({ search }: { readonly search: Search }) {
  const list = useGrowing<Happening>((cursor) => happeningsPath(search, PAGE, cursor), LOOK_MS);
  const { items, next } = list.known;
  return (
    <Await for={list.seen}>
      {() => (
        <>
          <Grid
            label="Events"
            heads={['When', 'Kind', 'About', 'What', 'Detail', 'Outcome']}
            rows={items.map((one) => [
              <Time at={one.at} />,
              one.kind,
              <About of={one} />,
              one.what,
              one.detail,
              <Badge state={one.outcome} />,
            ])}
            empty={next === undefined ? 'Nothing like that happened.' : 'Nothing like that happened lately.'}
          />
          <ShowMore {...list} />
        </>
      )}
    </Await>
  );
}

function About({ of }: { readonly of: Happening }) {
  const about = aboutOf(of);
  return about === undefined ? <></> : <Link to={about.to}>{about.name}</Link>;
}
