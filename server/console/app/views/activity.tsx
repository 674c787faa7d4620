// What was changed, by whom and from where: the newest as it comes, older ones on a button.

import { useEffect, useRef, useState } from 'preact/hooks';
import type { Known } from '../activity.ts';
import { activityPath, changeWords, outcomeWords, targetWords, withNewest, withOlder } from '../activity.ts';
import type { AuditEntry } from '../api/site-types.ts';
import type { Page } from '../api/types.ts';
import { useApp, useLive, useMay, useTask } from '../parts/app.ts';
import { Await, Badge, Complaint, Field, Grid, Time } from '../parts/pieces.tsx';
import type { Search } from '../route.ts';
import { addressOf } from '../route.ts';

const ACTIVITY_MS = 10_000;
const PAGE = 50;
/** A moment after the last letter: the appliance reads its whole log for what is rare. */
const TYPED_MS = 300;

export function Activity({ search }: { readonly search: Search }) {
  const isAllowed = useMay('operator');
  return (
    <>
      <h1>Activity</h1>
      {isAllowed ? (
        <>
          <Filter search={search} />
          <Entries key={activityPath(search, PAGE)} search={search} />
        </>
      ) : (
        <p>Operators and admins read what was changed by whom.</p>
      )}
    </>
  );
}

function Filter({ search }: { readonly search: Search }) {
  const { live, navigation } = useApp();
  const [typed, setTyped] = useState(search);
  const asked = useRef(search);
  useEffect(
    () =>
      live.after(TYPED_MS, () => {
        asked.current = typed;
        navigation.go(addressOf('/activity', typed), 'replace');
      }),
    [live, navigation, typed],
  );
  useEffect(() => {
    // Somebody went back, or to the whole list: the fields follow.
    if (addressOf('', search) !== addressOf('', asked.current)) setTyped(search);
  }, [search]);
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

const NOTHING: Known = { items: [], next: undefined };

function Entries({ search }: { readonly search: Search }) {
  const { client } = useApp();
  const task = useTask();
  const seen = useLive<Page<AuditEntry>>(activityPath(search, PAGE), ACTIVITY_MS);
  const [known, setKnown] = useState(NOTHING);
  useEffect(() => {
    if (seen.value !== undefined) setKnown((before) => withNewest(before, knownOf(seen.value)));
  }, [seen.value]);
  const showMore = (): void =>
    task.run(
      () => client.ask<Page<AuditEntry>>(activityPath(search, PAGE, known.next)),
      (page) => setKnown((before) => withOlder(before, knownOf(page))),
    );
  return (
    <Await for={seen}>
      {() => (
        <>
          <Grid
            label="Activity"
            heads={['When', 'Who', 'From', 'What', 'On', 'Change', 'Outcome']}
            rows={known.items.map((entry) => [
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
          <Complaint text={task.complaint} />
          {known.next === undefined ? undefined : (
            <button disabled={task.isBusy} onClick={showMore}>
              Show more
            </button>
          )}
        </>
      )}
    </Await>
  );
}

function knownOf(page: Page<AuditEntry> | undefined): Known {
  return { items: page?.items ?? [], next: page?.next };
}
