// Lists that grow on top and are read on at their end: the newest as it comes, older ones on a button; filtered by what is typed.

import { useEffect, useRef, useState } from 'preact/hooks';
import type { Known } from '../activity.ts';
import { withNewest, withOlder } from '../activity.ts';
import type { Page } from '../api/types.ts';
import type { Seen } from '../live/listener.ts';
import type { Search } from '../route.ts';
import { addressOf } from '../route.ts';
import type { Task } from './app.ts';
import { useApp, useLive, useTask } from './app.ts';
import { Complaint } from './pieces.tsx';

export const PAGE = 50;
/** A moment after the last letter: the appliance reads far back for what is rare. */
const TYPED_MS = 300;

export type Growing<T> = {
  readonly seen: Seen<Page<T>>;
  readonly known: Known<T>;
  readonly task: Task;
  readonly showMore: () => void;
};

/** The list whose pages `pathOf` names, by the `next` of the one before; the first is asked for again every `everyMs`. */
export function useGrowing<T extends { readonly id: string }>(
  pathOf: (cursor?: string) => string,
  everyMs: number,
): Growing<T> {
  const { client } = useApp();
  const task = useTask();
  const seen = useLive<Page<T>>(pathOf(), everyMs);
  const [known, setKnown] = useState<Known<T>>({ items: [], next: undefined });
  useEffect(() => {
    if (seen.value !== undefined) setKnown((before) => withNewest(before, knownOf(seen.value)));
  }, [seen.value]);
  const showMore = (): void =>
    task.run(
      () => client.ask<Page<T>>(pathOf(known.next)),
      (page) => setKnown((before) => withOlder(before, knownOf(page))),
    );
  return { seen, known, task, showMore };
}

function knownOf<T>(page: Page<T> | undefined): Known<T> {
  return { items: page?.items ?? [], next: page?.next };
}

/** The button for older ones, where there are any. */
export function ShowMore<T>({ known, task, showMore }: Growing<T>) {
  return (
    <>
      <Complaint text={task.complaint} />
      {known.next === undefined ? undefined : (
        <button disabled={task.isBusy} onClick={showMore}>
          Show more
        </button>
      )}
    </>
  );
}

/** What is typed into the filter of `/activity`, in the address a moment later. */
export function useTyped(search: Search): readonly [Search, (typed: Search) => void] {
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
  return [typed, setTyped];
}
