// Verifications of what is stored: begun with a question, followed by a bar, told with all that was found.

import { useState } from 'preact/hooks';
import type { Job } from '../api/content-types.ts';
import { useApp, useMay, useNow, useTask } from '../parts/app.ts';
import { FormDialog } from '../parts/dialog.tsx';
import { Badge, Bar, Complaint, Field, Grid } from '../parts/pieces.tsx';
import { agoWords, byteWords, countWords, lengthWords, percentOf, syncWords } from '../words.ts';
import { Remedy } from './overview.tsx';

const JOBS = '/api/v1/jobs';

type JobProps = { readonly job: Job | undefined; readonly what: string };

/** The newest job on something: how far it is, or what it found. */
export function JobOf({ job, what }: JobProps) {
  if (job === undefined) return <></>;
  return job.endedAt === undefined ? <Running job={job} what={what} /> : <Ended job={job} />;
}

function Running({ job, what }: { readonly job: Job; readonly what: string }) {
  const { client, live } = useApp();
  const now = useNow();
  const task = useTask();
  const mayAct = useMay('operator');
  const { progress } = job;
  const name = job.kind === 'verify' ? 'Verification' : 'Repair';
  const cancel = (): void =>
    task.run(
      () => client.ask(`${JOBS}/${job.id}`, { method: 'DELETE' }),
      () => live.refresh(JOBS),
    );
  return (
    <div class="bar">
      <Bar
        percent={progress === undefined ? undefined : percentOf(progress.bytesDone, progress.bytesTotal)}
        label={`${name} of ${what}`}
      />
      <span>
        <Badge state={job.kind === 'verify' ? 'verifying' : 'repairing'} />{' '}
        {progress === undefined ? '' : progressWords(progress)}{' '}
        <span class="muted">for {lengthWords(now - job.startedAt)}</span>
      </span>
      {mayAct ? (
        <button disabled={task.isBusy || job.cancelAsked === true} onClick={cancel}>
          Cancel the {name.toLowerCase()}
          <span class="unseen"> of {what}</span>
        </button>
      ) : undefined}
      <Complaint text={task.complaint} />
    </div>
  );
}

/** An image is one thing that is read: its files are not counted. */
function progressWords(progress: NonNullable<Job['progress']>): string {
  if (progress.filesTotal > 0) return syncWords(progress);
  return `${byteWords(progress.bytesDone)} of ${byteWords(progress.bytesTotal)}`;
}

function Ended({ job }: { readonly job: Job }) {
  const now = useNow();
  const { kind, outcome = 'stopped', by, endedAt, damaged = [], damagedMore = 0, notes = [], reason, remedy } = job;
  return (
    <>
      <p>
        {kind === 'verify' ? 'Verified' : 'Repaired'} {agoWords(endedAt, now)} <span class="muted">for {by}</span>:{' '}
        <Badge state={outcome} />
        {reason === undefined ? undefined : ` ${reason}`}
        {remedy === undefined ? undefined : <Remedy text={remedy} />}
      </p>
      {damaged.length === 0 ? undefined : (
        <Grid
          label="Damaged files"
          heads={['File', 'What is wrong with it', 'Snapshot']}
          rows={damaged.map(({ path, reason, snapshot }) => [path === '' ? 'the whole' : path, reason, snapshot ?? ''])}
        />
      )}
      {damagedMore === 0 ? undefined : <p>and {countWords(damagedMore, 'more file', 'more files')}</p>}
      <Notes notes={notes} />
    </>
  );
}

function Notes({ notes }: { readonly notes: readonly string[] }) {
  if (notes.length === 0) return <></>;
  return (
    <details>
      <summary>{countWords(notes.length, 'note')}</summary>
      <ul class="rows">
        {notes.map((note) => (
          <li key={note}>{note}</li>
        ))}
      </ul>
    </details>
  );
}

/** A medium is held against its own checksums; what was synced, against what the sync wrote down, and can be brought anew. */
type Kind = 'repo' | 'synced tree' | 'medium';

type ButtonProps = {
  /** `/api/v1/repos/NAME` or `/api/v1/trees/NAME`. */
  readonly path: string;
  readonly what: string;
  readonly kind: Kind;
  readonly job: Job | undefined;
};

/** Asks how `what` is to be verified, and begins it. */
export function VerifyButton({ path, what, kind, job }: ButtonProps) {
  const [isAsked, setAsked] = useState(false);
  const runs = job !== undefined && job.endedAt === undefined;
  return (
    <>
      <button disabled={runs} onClick={() => setAsked(true)}>
        Verify …<span class="unseen"> {what}</span>
      </button>
      {isAsked ? <VerifyDialog path={path} what={what} kind={kind} onClose={() => setAsked(false)} /> : undefined}
    </>
  );
}

type DialogProps = Omit<ButtonProps, 'job'> & { readonly onClose: () => void };

function VerifyDialog({ path, what, kind, onClose }: DialogProps) {
  const { client, live } = useApp();
  const task = useTask();
  const verify = ({ snapshots, repair }: Readonly<Record<string, string>>): void => {
    const body = {
      repair: repair === undefined ? 'look' : 'repair',
      ...(snapshots === undefined ? {} : { snapshots }),
    };
    task.run(
      () => client.ask(`${path}/verifications`, { method: 'POST', body }),
      () => {
        live.refresh(JOBS);
        onClose();
      },
    );
  };
  return (
    <FormDialog title={`Verify ${what}?`} onClose={onClose} task={task} action="Verify" onSubmit={verify}>
      <p>{EXPLAINED[kind]} It reads all of it, and may be ended at any time.</p>
      {kind === 'repo' ? (
        <Field label="Snapshots">
          <select name="snapshots">
            <option value="published">the published one</option>
            <option value="all">all of them</option>
          </select>
        </Field>
      ) : undefined}
      {kind === 'medium' ? undefined : (
        <Field label="Repair" hint="From a copy on this disk, or from upstream.">
          <input type="checkbox" name="repair" /> Bring anew what is damaged
        </Field>
      )}
    </FormDialog>
  );
}

const EXPLAINED: Readonly<Record<Kind, string>> = {
  repo: 'Every file is hashed again and held against what its sync wrote down.',
  'synced tree': 'Every file is hashed again and held against what its sync wrote down.',
  medium: 'It is held against the checksums that its maker put on it, as far as there are any.',
};
