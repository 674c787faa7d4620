// Repos: where each stands, its syncs and snapshots, one of them published in place of another; added and taken off.

import { useState } from 'preact/hooks';
import type { Job, Repo, Sync } from '../api/content-types.ts';
import { useApp, useLive, useMay, useNow, useTask } from '../parts/app.ts';
import { FormDialog } from '../parts/dialog.tsx';
import { Await, Badge, Card, Grid, Link, Time } from '../parts/pieces.tsx';
import { addressOf } from '../route.ts';
import { byteWords, inWords, lengthWords } from '../words.ts';
import { AddRepoDialog } from './add-repo.tsx';
import { JobOf, VerifyButton } from './jobs.tsx';
import { RemoveRepoDialog } from './remove-repo.tsx';
import { LastSync, RunningSync, SyncButton } from './syncs.tsx';

const LIST = '/api/v1/repos';
const SLOW_MS = 15_000;

type Asked = { readonly what: 'add' } | { readonly what: 'remove'; readonly repo: Repo };
type ReposProps = {
  readonly repos: readonly Repo[];
  readonly jobs: readonly Job[];
  /** The name of the one that is shown as a whole. */
  readonly open: string | undefined;
};

export function Repos({ repos, jobs, open }: ReposProps) {
  const [asked, setAsked] = useState<Asked>();
  const mayAct = useMay('operator');
  const close = (): void => setAsked(undefined);
  return (
    <section aria-labelledby="repos">
      <header class="actions">
        <h2 id="repos">Repos</h2>
        {mayAct ? <button onClick={() => setAsked({ what: 'add' })}>Add a repo …</button> : undefined}
      </header>
      {repos.length === 0 ? <p class="muted">The site names no repo.</p> : undefined}
      {repos.map((repo) => (
        <RepoCard
          key={repo.name}
          repo={repo}
          jobs={jobs}
          isOpen={open === repo.name}
          onRemove={() => setAsked({ what: 'remove', repo })}
        />
      ))}
      {asked?.what === 'add' ? <AddRepoDialog onClose={close} /> : undefined}
      {asked?.what === 'remove' ? <RemoveRepoDialog repo={asked.repo} onClose={close} /> : undefined}
    </section>
  );
}

type RepoProps = {
  readonly repo: Repo;
  readonly jobs: readonly Job[];
  readonly isOpen: boolean;
  readonly onRemove: () => void;
};

function RepoCard({ repo, jobs, isOpen, onRemove }: RepoProps) {
  const now = useNow();
  const mayAct = useMay('operator');
  const { name, current, alarm, lastSync, runningSync, nextSync } = repo;
  const path = `${LIST}/${encodeURIComponent(name)}`;
  const job = jobs.find((one) => one.repo === name);
  const actions = mayAct ? (
    <span class="actions">
      <SyncButton path={path} list={LIST} what={name} sync={runningSync} />
      {current === undefined ? undefined : <VerifyButton path={path} what={name} kind="repo" job={job} />}
      <button onClick={onRemove}>
        Remove …<span class="unseen"> {name}</span>
      </button>
    </span>
  ) : undefined;
  return (
    <Card title={name} class={alarm === undefined ? '' : 'alarm'} aside={actions}>
      <RunningSync sync={runningSync} what={name} />
      {alarm === undefined ? undefined : <p class="bad">{alarm}</p>}
      <JobOf job={job} what={name} />
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
          <LastSync sync={lastSync} />
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

function More({ repo }: { readonly repo: Repo }) {
  const path = `${LIST}/${encodeURIComponent(repo.name)}/syncs`;
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
  const path = `${LIST}/${encodeURIComponent(repo.name)}/current`;
  const publish = (): void =>
    task.run(
      () => client.ask(path, { method: 'PUT', body: { snapshot } }),
      () => {
        say(`${repo.name} is at ${snapshot}.`);
        live.refresh(LIST);
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
