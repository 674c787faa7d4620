// The question before a repo is taken off, with all that goes with it.

import type { RemovedRepo, Repo } from '../api/content-types.ts';
import { RemovalDialog } from '../parts/removal.tsx';
import { byteWords, countWords } from '../words.ts';

const LIST = '/api/v1/repos';
/** What was mirrored may be tens of thousands of files. */
const REMOVAL_MS = 180_000;

type RemoveProps = { readonly repo: Repo; readonly onClose: () => void };

export function RemoveRepoDialog({ repo, onClose }: RemoveProps) {
  const { name, publish, snapshots } = repo;
  return (
    <RemovalDialog<RemovedRepo>
      what={`the repo ${name}`}
      list={LIST}
      name={name}
      withinMs={REMOVAL_MS}
      words={(removed) => removedWords(name, removed)}
      onClose={onClose}
    >
      <p>
        The site file names it no more. Nothing is served at <code>{`/repos/${name}/`}</code>
        {publish === undefined ? undefined : (
          <>
            {' '}
            and <code>{publish}</code>
          </>
        )}{' '}
        any more.
      </p>
      {snapshots.length === 0 ? (
        <p>Nothing was mirrored yet.</p>
      ) : (
        <>
          <p>
            Removed from the disk: <strong>{countWords(snapshots.length, 'snapshot')}</strong>, with all that nothing
            else holds.
          </p>
          <ul class="long">
            {snapshots.toReversed().map((snapshot) => (
              <li key={snapshot}>
                {snapshot}
                {snapshot === repo.current ? ' (published)' : ''}
              </li>
            ))}
          </ul>
        </>
      )}
      <p>It is refused while a profile names it, it is being synced, or a host is armed with one of its snapshots.</p>
    </RemovalDialog>
  );
}

function removedWords(name: string, { freedBytes = 0, left }: RemovedRepo): string {
  if (left !== undefined) return `The site names the repo ${name} no more. What was mirrored is still there: ${left}`;
  return `The repo ${name} is gone.${freedBytes === 0 ? '' : ` ${byteWords(freedBytes)} are free again.`}`;
}
