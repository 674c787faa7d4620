// Syncs of repos and of trees alike: begun and ended by a button, followed by a bar, told with how the last one ended.

import type { Sync } from '../api/content-types.ts';
import { useApp, useNow, useTask } from '../parts/app.ts';
import { Badge, Bar, Complaint } from '../parts/pieces.tsx';
import { agoWords, lengthWords, percentOf, syncWords } from '../words.ts';

type RunningProps = { readonly sync: Sync | undefined; readonly what: string };

/** How far the sync of `what` is; nothing where none runs. */
export function RunningSync({ sync, what }: RunningProps) {
  const now = useNow();
  if (sync === undefined) return <></>;
  const { progress, startedAt } = sync;
  const percent =
    progress === undefined || progress.bytesTotal === 0
      ? undefined
      : percentOf(progress.bytesDone, progress.bytesTotal);
  return (
    <p class="bar">
      <Bar percent={percent} label={`Sync of ${what}`} />
      <span>
        <Badge state="syncing" /> {progress === undefined ? '' : syncWords(progress)}{' '}
        <span class="muted">for {lengthWords(now - startedAt)}</span>
      </span>
    </p>
  );
}

/** How the last one ended, and when. */
export function LastSync({ sync }: { readonly sync: Sync | undefined }) {
  const now = useNow();
  if (sync === undefined) return <>none</>;
  return (
    <>
      <Badge state={sync.outcome ?? 'unknown'} /> {agoWords(sync.endedAt, now)}
      {sync.reason === undefined ? undefined : ` — ${sync.reason}`}
    </>
  );
}

type ButtonProps = {
  /** `/api/v1/repos/NAME`, and the list it is in. */
  readonly path: string;
  readonly list: string;
  readonly what: string;
  readonly sync: Sync | undefined;
};

/** Begins a sync of `what`, or ends the one that runs. */
export function SyncButton({ path, list, what, sync }: ButtonProps) {
  const { client, live, say } = useApp();
  const task = useTask();
  const change = (method: 'POST' | 'DELETE', at: string, words: string) => (): void =>
    task.run(
      () => client.ask(`${path}/syncs${at}`, { method }),
      () => {
        say(words);
        live.refresh(list);
      },
    );
  return (
    <>
      <Complaint text={task.complaint} />
      {sync === undefined ? (
        <button disabled={task.isBusy} onClick={change('POST', '', `A sync of ${what} has begun.`)}>
          Sync now<span class="unseen"> {what}</span>
        </button>
      ) : (
        <button disabled={task.isBusy} onClick={change('DELETE', '/running', `The sync of ${what} was asked to end.`)}>
          Cancel the sync<span class="unseen"> of {what}</span>
        </button>
      )}
    </>
  );
}
