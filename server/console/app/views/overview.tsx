// The first look: what is installing, what is stuck, what is stale.

import type { Repo, Tree } from '../api/content-types.ts';
import type { Discovered, Health, Host, Lack, Page } from '../api/types.ts';
import { PHASES } from '../api/types.ts';
import { countPhases, runningHosts, stuckHosts } from '../host-list.ts';
import { useLive, useNow } from '../parts/app.ts';
import { Await, Badge, Bar, Card, Link } from '../parts/pieces.tsx';
import { addressOf, hostPath } from '../route.ts';
import { agoWords, countWords, leftWords, percentOf, syncWords } from '../words.ts';

const HOSTS_MS = 2500;
const REPOS_MS = 10_000;
const SLOW_MS = 15_000;
/** A rack that fails together is told by its list. */
const MOST_STUCK = 24;
const MOST_RUNNING = 24;

export function Overview() {
  const hosts = useLive<Page<Host>>('/api/v1/hosts', HOSTS_MS);
  const repos = useLive<Page<Repo>>('/api/v1/repos', REPOS_MS);
  return (
    <>
      <h1>Overview</h1>
      <Await for={hosts}>
        {({ items }) => (
          <>
            <Counts hosts={items} />
            <Installing hosts={runningHosts(items)} />
            <Stuck hosts={stuckHosts(items)} />
          </>
        )}
      </Await>
      <Lacks />
      <Await for={repos}>{({ items }) => <Repos repos={items} />}</Await>
      <Strangers />
    </>
  );
}

function Counts({ hosts }: { readonly hosts: readonly Host[] }) {
  const counts = countPhases(hosts);
  return (
    <ul class="counts" aria-label="Hosts by state">
      {PHASES.filter((phase) => counts.has(phase)).map((phase) => (
        <li key={phase}>
          <Link to={addressOf('/hosts', { phase })}>
            <strong>{counts.get(phase)}</strong> <Badge state={phase} />
          </Link>
        </li>
      ))}
    </ul>
  );
}

function Installing({ hosts }: { readonly hosts: readonly Host[] }) {
  return (
    <Card title="Installing">
      {hosts.length === 0 ? <p class="muted">Nothing installs.</p> : undefined}
      <ul class="rows">
        {hosts.slice(0, MOST_RUNNING).map((host) => (
          <li key={host.name}>
            <Link to={hostPath(host.name)}>{host.name}</Link> <Badge state={host.phase} />
            <InstallBar host={host} />
          </li>
        ))}
      </ul>
      {hosts.length > MOST_RUNNING ? (
        <p>
          <Link to="/hosts">and {hosts.length - MOST_RUNNING} more</Link>
        </p>
      ) : undefined}
    </Card>
  );
}

/** How far a host's install is, in a bar and in words. */
export function InstallBar({ host }: { readonly host: Host }) {
  const { progress } = host;
  if (progress === undefined) return <span class="muted">{host.reason}</span>;
  return (
    <span class="bar">
      <Bar percent={progress.percent} label={`Install of ${host.name}`} />
      <span>
        {progress.percent}% {progress.phase}, {leftWords(progress)}: {progress.detail}
        {progress.silent === undefined ? undefined : <strong class="bad"> {progress.silent}</strong>}
      </span>
    </span>
  );
}

function Stuck({ hosts }: { readonly hosts: readonly Host[] }) {
  return (
    <Card title="Stuck" class={hosts.length === 0 ? '' : 'alarm'}>
      {hosts.length === 0 ? <p class="muted">No host waits for anybody.</p> : undefined}
      <ul class="rows">
        {hosts.slice(0, MOST_STUCK).map((host) => (
          <StuckHost key={host.name} host={host} />
        ))}
      </ul>
      {hosts.length > MOST_STUCK ? (
        <p>
          <Link to="/hosts">and {hosts.length - MOST_STUCK} more</Link>
        </p>
      ) : undefined}
    </Card>
  );
}

function StuckHost({ host: { name, phase, changedAt, progress, reason, verdict } }: { readonly host: Host }) {
  const now = useNow();
  return (
    <li>
      <Link to={hostPath(name)}>{name}</Link> <Badge state={phase} />{' '}
      <span class="muted">{agoWords(changedAt, now)}</span>
      <p>{progress?.silent ?? reason}</p>
      {verdict === undefined ? undefined : (
        <p>
          {verdict.summary}
          {verdict.remedy === undefined ? undefined : <Remedy text={verdict.remedy} />}
        </p>
      )}
    </li>
  );
}

/** What to do about something. */
export function Remedy({ text }: { readonly text: string }) {
  return (
    <span class="remedy">
      <strong>What to do:</strong> {text}
    </span>
  );
}

/** What the other parts of this view tell, where it can be done something about. */
const TOLD_ELSEWHERE = new Set([
  'tree-missing',
  'repo-never-synced',
  'repo-sync-alarm',
  'host-stopped',
  'site-refused',
]);

function Lacks() {
  const seen = useLive<Health>('/healthz', REPOS_MS);
  return (
    <Await for={seen}>
      {({ missing: all, siteProblems }) => {
        const missing = all.filter(({ code }) => !TOLD_ELSEWHERE.has(code));
        if (missing.length + siteProblems.length === 0) return undefined;
        return (
          <Card title="Needs attention" class="alarm">
            <ul class="rows">
              {siteProblems.length === 0 ? undefined : (
                <li>
                  The changed site file is refused; the old site goes on. <Link to="/site">What is wrong with it</Link>
                </li>
              )}
              {missing.map((lack) => (
                <LackRow key={`${lack.code} ${lack.what} ${lack.reason}`} lack={lack} />
              ))}
            </ul>
          </Card>
        );
      }}
    </Await>
  );
}

function LackRow({ lack }: { readonly lack: Lack }) {
  return (
    <li>
      <strong>{lack.what}</strong>: {lack.reason}
      {lack.remedy === undefined ? undefined : <Remedy text={lack.remedy} />}
    </li>
  );
}

function Repos({ repos }: { readonly repos: readonly Repo[] }) {
  const now = useNow();
  const trees = useLive<Page<Tree>>('/api/v1/trees', SLOW_MS);
  const missing = trees.value?.items.filter(({ ready }) => !ready) ?? [];
  const stale = repos.filter(
    ({ alarm, current, runningSync }) =>
      (alarm ?? (current ? undefined : 'none')) !== undefined || runningSync !== undefined,
  );
  const fine = repos.length - stale.length;
  return (
    <Card title="Content" class={stale.some(({ alarm }) => alarm !== undefined) ? 'alarm' : ''}>
      <ul class="rows">
        {stale.map((repo) => (
          <RepoRow key={repo.name} repo={repo} now={now} />
        ))}
        {missing.map((tree) => (
          <li key={tree.name}>
            <Link to="/content">tree {tree.name}</Link> <Badge state="absent" /> <span>{tree.what}</span>
            {tree.remedy === undefined ? undefined : <Remedy text={tree.remedy} />}
          </li>
        ))}
      </ul>
      <p class="muted">
        {countWords(fine, 'repo is', 'repos are')} in order
        {repos.length === 0 ? '.' : `; synced last: ${lastWords(repos, now)}.`}
      </p>
    </Card>
  );
}

function lastWords(repos: readonly Repo[], now: number): string {
  const last = Math.max(0, ...repos.map(({ lastSync }) => lastSync?.endedAt ?? 0));
  return agoWords(last, now);
}

function RepoRow({ repo, now }: { readonly repo: Repo; readonly now: number }) {
  const { name, current, alarm, lastSync, runningSync } = repo;
  const progress = runningSync?.progress;
  return (
    <li>
      <Link to={addressOf('/content', { repo: name })}>repo {name}</Link>{' '}
      <Badge state={runningSync === undefined ? (current === undefined ? 'never synced' : 'stale') : 'syncing'} />
      {progress === undefined ? undefined : (
        <span class="bar">
          <Bar percent={percentOf(progress.bytesDone, progress.bytesTotal)} label={`Sync of ${name}`} />
          <span>{syncWords(progress)}</span>
        </span>
      )}
      {alarm === undefined ? undefined : <p class="bad">{alarm}</p>}
      <span class="muted"> last sync {agoWords(lastSync?.endedAt, now)}</span>
    </li>
  );
}

function Strangers() {
  const { value } = useLive<Page<Discovered>>('/api/v1/discovered', REPOS_MS);
  const count = value?.items.length ?? 0;
  if (count === 0) return <></>;
  return (
    <Card title="New machines">
      <p>
        {countWords(count, 'machine')} asked for a boot and {count === 1 ? 'is' : 'are'} in no site.{' '}
        <Link to="/hosts">Enrol them</Link>
      </p>
    </Card>
  );
}
