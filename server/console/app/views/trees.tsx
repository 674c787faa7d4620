// Install trees: what each is, or what it lacks; added, synced, verified and taken off.

import { useState } from 'preact/hooks';
import type { Job, RemovedTree, Tree, TreeSource } from '../api/content-types.ts';
import { useMay } from '../parts/app.ts';
import { Badge, Card } from '../parts/pieces.tsx';
import { RemovalDialog } from '../parts/removal.tsx';
import { byteWords } from '../words.ts';
import { AddTreeDialog } from './add-tree.tsx';
import { JobOf, VerifyButton } from './jobs.tsx';
import { Remedy } from './overview.tsx';
import { LastSync, RunningSync, SyncButton } from './syncs.tsx';

const LIST = '/api/v1/trees';
/** What was fetched of a tree is tens of thousands of files. */
const REMOVAL_MS = 180_000;

type Asked = { readonly what: 'add'; readonly name: string } | { readonly what: 'remove'; readonly tree: Tree };
type Ask = (asked: Asked) => void;

export function Trees({ trees, jobs }: { readonly trees: readonly Tree[]; readonly jobs: readonly Job[] }) {
  const [asked, setAsked] = useState<Asked>();
  const mayAct = useMay('operator');
  const close = (): void => setAsked(undefined);
  return (
    <section aria-labelledby="trees">
      <header class="actions">
        <h2 id="trees">Install trees</h2>
        {mayAct ? <button onClick={() => setAsked({ what: 'add', name: '' })}>Add a tree …</button> : undefined}
      </header>
      {trees.length === 0 ? <p class="muted">The site names no tree.</p> : undefined}
      {trees.map((tree) => (
        <TreeCard key={tree.name} tree={tree} job={jobs.find((one) => one.tree === tree.name)} ask={setAsked} />
      ))}
      {asked?.what === 'add' ? <AddTreeDialog given={asked.name} onClose={close} /> : undefined}
      {asked?.what === 'remove' ? <RemoveDialog tree={asked.tree} onClose={close} /> : undefined}
    </section>
  );
}

type TreeProps = { readonly tree: Tree; readonly job: Job | undefined; readonly ask: Ask };

function TreeCard({ tree, job, ask }: TreeProps) {
  const { name, source, ready, what, remedy, synced, lastSync, runningSync } = tree;
  const called = `tree ${name}`;
  return (
    <Card title={called} class={ready ? '' : 'alarm'} aside={<Actions tree={tree} job={job} ask={ask} />}>
      <RunningSync sync={runningSync} what={called} />
      <p>
        <Badge state={ready ? 'ready' : 'absent'} />{' '}
        {ready ? <a href={`/trees/${encodeURIComponent(name)}/`}>{what}</a> : what}
        {remedy === undefined ? undefined : <Remedy text={remedy} />}
      </p>
      <JobOf job={job} what={called} />
      <dl class="facts">
        <dt>Source</dt>
        <dd>{sourceWords(source)}</dd>
        {source.kind === 'upstream' ? (
          <>
            <dt>Published</dt>
            <dd>{synced?.snapshot ?? 'nothing yet'}</dd>
            <dt>Last sync</dt>
            <dd>
              <LastSync sync={lastSync} />
            </dd>
          </>
        ) : undefined}
      </dl>
    </Card>
  );
}

function sourceWords(source: TreeSource): string {
  switch (source.kind) {
    case 'upstream':
      return source.url;
    case 'iso':
      return `image ${source.path}`;
    case 'directory':
      return `directory ${source.path}`;
  }
}

function Actions({ tree, job, ask }: TreeProps) {
  const { name, source, ready, runningSync } = tree;
  const path = `${LIST}/${encodeURIComponent(name)}`;
  const called = `tree ${name}`;
  if (!useMay('operator')) return <></>;
  const isMirrored = source.kind === 'upstream';
  return (
    <span class="actions">
      {isMirrored ? <SyncButton path={path} list={LIST} what={called} sync={runningSync} /> : undefined}
      {ready || isMirrored ? undefined : (
        <button onClick={() => ask({ what: 'add', name })}>
          Add its medium …<span class="unseen"> {called}</span>
        </button>
      )}
      {ready ? (
        <VerifyButton path={path} what={called} kind={isMirrored ? 'synced tree' : 'medium'} job={job} />
      ) : undefined}
      <button onClick={() => ask({ what: 'remove', tree })}>
        Remove …<span class="unseen"> {called}</span>
      </button>
    </span>
  );
}

function RemoveDialog({ tree, onClose }: { readonly tree: Tree; readonly onClose: () => void }) {
  const { name, source } = tree;
  return (
    <RemovalDialog<RemovedTree>
      what={`the tree ${name}`}
      list={LIST}
      name={name}
      withinMs={REMOVAL_MS}
      words={(removed) => removedWords(name, removed)}
      onClose={onClose}
    >
      <p>{lossWords(source)}</p>
      <p>It is refused while a profile needs it, or hosts are armed for it.</p>
    </RemovalDialog>
  );
}

/** What goes, and what stays. */
function lossWords(source: TreeSource): string {
  if (source.kind === 'upstream') return 'The site file names it no more, and all that was fetched of it is removed.';
  if (source.path.startsWith('/')) return 'The site file names it no more. The medium itself is left where it lies.';
  if (source.path.startsWith('uploaded/'))
    return 'The site file names it no more, and what was uploaded for it is removed, but from the list of ISOs.';
  return 'The medium that was given to it is taken off: it is absent then, and has to be given another. Where none was, the site file names it no more.';
}

function removedWords(name: string, { done, freedBytes = 0 }: RemovedTree): string {
  const freed = freedBytes === 0 ? '' : ` ${byteWords(freedBytes)} are free again.`;
  return done === 'removed' ? `The tree ${name} is gone.${freed}` : `The medium of ${name} is taken off.${freed}`;
}
