// Repos with their snapshots and syncs, trees with what is missing, templates.

import { useState } from 'preact/hooks';
import type { Page, Repo, Sync, Tree } from '../api/types.ts';
import { useApp, useLive, useMay, useNow, useTask } from '../parts/app.ts';
import { FormDialog } from '../parts/dialog.tsx';
import { Await, Badge, Bar, Card, Complaint, Grid, Link, Time } from '../parts/pieces.tsx';
import type { Search } from '../route.ts';
import { addressOf } from '../route.ts';
import { agoWords, byteWords, inWords, lengthWords, percentOf, syncWords } from '../words.ts';
import { Remedy } from './overview.tsx';
import { Templates } from './templates.tsx';

/** Events tell of syncs as they go on; this is for what was missed. */
const REPOS_MS = 5000;
const SLOW_MS = 15_000;

export function Content({ search }: { readonly search: Search }) {
  const repos = useLive<Page<Repo>>('/api/v1/repos', REPOS_MS);
  const trees = useLive<Page<Tree>>('/api/v1/trees', SLOW_MS);
  return (
    <>
      <h1>Content</h1>
      <Await for={repos}>
        {({ items }) => (
          <>
            {items.length === 0 ? <p class="muted">The site names no repo.</p> : undefined}
            {items.map((repo) => (
              <RepoCard key={repo.name} repo={repo} isOpen={search['repo'] === repo.name} />
            ))}
          </>
        )}
      </Await>
      <Card title="Trees">
        <Await for={trees}>
          {({ items }) => (
            <Grid
              label="Trees"
              heads={['Tree', 'State', 'What it is, or what is missing']}
              rows={items.map(({ name, ready, what, remedy }) => [
                ready ? <a href={`/trees/${encodeURIComponent(name)}/`}>{name}</a> : name,
                <Badge state={ready ? 'ready' : 'absent'} />,
                <>
                  {what}
                  {remedy === undefined ? undefined : <Remedy text={remedy} />}
                </>,
              ])}
            />
          )}
        </Await>
      </Card>
      <Templates />
    </>
  );
}

function RepoCard({ repo, isOpen }: { readonly repo: Repo; readonly isOpen: boolean }) {
  const now = useNow();
  const { name, current, alarm, lastSync, runningSync, nextSync } = repo;
  return (
    <Card title={name} class={alarm === undefined ? '' : 'alarm'} aside={<Actions repo={repo} />}>
      {runningSync === undefined ? undefined : <Running sync={runningSync} />}
      {alarm === undefined ? undefined : <p class="bad">{alarm}</p>}
      <dl class="facts">
        <dt>Published</dt>
        <dd>
          {current === undefined ? (
            <Badge state="never synced" />
          ) : (
            <a href={`/repos/${encodeURIComponent(name)}/`}>{current}</a>
          )}
        </dd>
        <dt>Last sync</dt>
        <dd>
          {lastSync === undefined ? 'none' : <Badge state={lastSync.outcome ?? 'unknown'} />}{' '}
          {lastSync === undefined ? '' : agoWords(lastSync.endedAt, now)}
          {lastSync?.reason === undefined ? undefined : ` — ${lastSync.reason}`}
        </dd>
        <dt>Next</dt>
        <dd>{nextSync === undefined ? 'by hand' : inWords(nextSync, now)}</dd>
        <dt>Upstream</dt>
        <dd class="long">{repo.upstream}</dd>
      </dl>
      <p>
        <Link to={addressOf('/content', { repo: isOpen ? '' : name })}>
          {isOpen ? 'Hide' : 'Show'} snapshots and history<span class="unseen"> of {name}</span>
        </Link>
      </p>
      {isOpen ? <More repo={repo} /> : undefined}
    </Card>
  );
}

function Running({ sync: { repo, progress, startedAt } }: { readonly sync: Sync }) {
  const now = useNow();
  return (
    <p class="bar">
      <Bar
        percent={
          progress === undefined || progress.bytesTotal === 0
            ? undefined
            : percentOf(progress.bytesDone, progress.bytesTotal)
        }
        label={`Sync of ${repo}`}
      />
      <span>
        <Badge state="syncing" /> {progress === undefined ? '' : syncWords(progress)}{' '}
        <span class="muted">for {lengthWords(now - startedAt)}</span>
      </span>
    </p>
  );
}

function Actions({ repo: { name, runningSync } }: { readonly repo: Repo }) {
  const { client, live, say } = useApp();
  const task = useTask();
  const mayAct = useMay('operator');
  const path = `/api/v1/repos/${encodeURIComponent(name)}/syncs`;
  const look = (words: string) => (): void => {
    say(words);
    live.refresh('/api/v1/repos');
  };
  if (!mayAct) return <></>;
  return (
    <span class="actions">
      <Complaint text={task.complaint} />
      {runningSync === undefined ? (
        <button
          disabled={task.isBusy}
          onClick={() => task.run(() => client.ask(path, { method: 'POST' }), look(`A sync of ${name} has begun.`))}
        >
          Sync now<span class="unseen"> {name}</span>
        </button>
      ) : (
        <button
          disabled={task.isBusy}
          onClick={() =>
            task.run(
              () => client.ask(`${path}/running`, { method: 'DELETE' }),
              look(`The sync of ${name} was asked to end.`),
            )
          }
        >
          Cancel the sync<span class="unseen"> of {name}</span>
        </button>
      )}
    </span>
  );
}

function More({ repo }: { readonly repo: Repo }) {
  const path = `/api/v1/repos/${encodeURIComponent(repo.name)}/syncs`;
  const syncs = useLive<readonly Sync[]>(`${path}?limit=50`, SLOW_MS);
  return (
    <>
      <h3>Snapshots</h3>
      <Snapshots repo={repo} />
      <h3>Syncs</h3>
      <Await for={syncs}>
        {(items) => (
          <Grid
            label={`Syncs of ${repo.name}`}
            heads={['Begun', 'Cause', 'Outcome', 'Took', 'Packages', 'Fetched', 'Said']}
            rows={items.map((sync) => [
              <Time at={sync.startedAt} />,
              sync.cause,
              <Badge state={sync.outcome ?? 'syncing'} />,
              sync.endedAt === undefined ? '' : lengthWords(sync.endedAt - sync.startedAt),
              sync.counts?.packages ?? '',
              sync.counts === undefined ? '' : byteWords(sync.counts.bytesFetched),
              [sync.snapshot, sync.reason, sync.remedy, ...(sync.notes ?? [])]
                .filter((part) => part !== undefined)
                .join(' — '),
            ])}
            empty="It was never synced."
          />
        )}
      </Await>
    </>
  );
}

function Snapshots({ repo }: { readonly repo: Repo }) {
  const [asked, setAsked] = useState<string>();
  const mayAct = useMay('operator');
  return (
    <>
      <Grid
        label={`Snapshots of ${repo.name}`}
        heads={['Snapshot', 'State', '']}
        rows={repo.snapshots.toReversed().map((snapshot) => [
          snapshot,
          snapshot === repo.current ? <Badge state="published" /> : '',
          snapshot === repo.current || !mayAct ? undefined : (
            <button aria-label={`Publish ${snapshot}`} onClick={() => setAsked(snapshot)}>
              Publish …
            </button>
          ),
        ])}
        empty="None yet."
      />
      {asked === undefined ? undefined : (
        <PublishDialog repo={repo} snapshot={asked} onClose={() => setAsked(undefined)} />
      )}
    </>
  );
}

type PublishProps = { readonly repo: Repo; readonly snapshot: string; readonly onClose: () => void };

function PublishDialog({ repo, snapshot, onClose }: PublishProps) {
  const { client, live, say } = useApp();
  const task = useTask();
  const path = `/api/v1/repos/${encodeURIComponent(repo.name)}/current`;
  const publish = (): void =>
    task.run(
      () => client.ask(path, { method: 'PUT', body: { snapshot } }),
      () => {
        say(`${repo.name} is at ${snapshot}.`);
        live.refresh('/api/v1/repos');
        onClose();
      },
    );
  return (
    <FormDialog title={`Publish ${snapshot}?`} onClose={onClose} task={task} action="Publish" onSubmit={publish}>
      <p>
        Machines get <strong>{repo.name}</strong> from {snapshot} in place of {repo.current ?? 'nothing'} from now on.
        Hosts that are armed keep what was pinned for them. The next sync publishes what upstream has then.
      </p>
    </FormDialog>
  );
}
