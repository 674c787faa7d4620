// What was changed, by whom and from where: the newest as it comes, older ones on a button.

import { activityPath, changeWords, outcomeWords, targetWords } from '../activity.ts';
import type { AuditEntry } from '../api/site-types.ts';
import { PAGE, ShowMore, useGrowing, useTyped } from '../parts/growing.tsx';
import { Await, Badge, Field, Grid, Time } from '../parts/pieces.tsx';
import type { Search } from '../route.ts';

const CHANGES_MS = 10_000;

export function Changes({ search }: { readonly search: Search }) {
  return (
    <>
      <Filter search={search} />
      <Entries key={activityPath(search, PAGE)} search={search} />
    </>
  );
}

function Filter({ search }: { readonly search: Search }) {
  const [typed, setTyped] = useTyped(search);
  const field = (key: string, label: string, example: string) => (
    <Field label={label}>
      <input
        type="search"
        value={typed[key] ?? ''}
        placeholder={example}
        onInput={({ currentTarget }) => setTyped({ ...typed, [key]: currentTarget.value })}
      />
    </Field>
  );
  return (
    <div class="filter" role="search">
      {field('who', 'Who', 'anna')}
      {field('operation', 'What', 'armHost')}
      {field('target', 'On', 'cs40')}
      <Field label="Outcome">
        <select
          value={typed['outcome'] ?? ''}
          onChange={({ currentTarget }) => setTyped({ ...typed, outcome: currentTarget.value })}
        >
          <option value="">all</option>
          <option value="done">done</option>
          <option value="refused">refused</option>
        </select>
      </Field>
    </div>
  );
}

function Entries({ search }: { readonly search: Search }) {
  const list = useGrowing<AuditEntry>((cursor) => activityPath(search, PAGE, cursor), CHANGES_MS);
  return (
    <Await for={list.seen}>
      {() => (
        <>
          <Grid
            label="Activity"
            heads={['When', 'Who', 'From', 'What', 'On', 'Change', 'Outcome']}
            rows={list.known.items.map((entry) => [
              <Time at={entry.at} />,
              entry.who === '' ? 'nobody' : `${entry.who} (${entry.via})`,
              entry.address,
              entry.operation,
              targetWords(entry),
              changeWords(entry),
              <Badge state={outcomeWords(entry)} />,
            ])}
            empty="Nothing like that was done."
          />
          <ShowMore {...list} />
        </>
      )}
    </Await>
  );
}
