// The change of a site file, looked at before it is saved. A text with problems is shown, not saved.

import type { Problem } from '../api/types.ts';
import type { Task } from '../parts/app.ts';
import { FormDialog } from '../parts/dialog.tsx';
import type { DiffLine } from '../text-diff.ts';
import { diffLines } from '../text-diff.ts';

type ReviewProps = {
  readonly title: string;
  readonly action: string;
  readonly from: string;
  readonly to: string;
  /** Undefined while they are not known. */
  readonly problems: readonly Problem[] | undefined;
  readonly task: Task;
  readonly onSave: () => void;
  readonly onClose: () => void;
};

export function ReviewDialog({ title, action, from, to, problems, task, onSave, onClose }: ReviewProps) {
  return (
    <FormDialog
      title={title}
      onClose={onClose}
      task={task}
      action={action}
      isBlocked={problems === undefined || problems.length > 0}
      onSubmit={onSave}
    >
      {problems !== undefined && problems.length > 0 ? (
        <p class="bad" role="alert">
          A site with problems is not saved. The first: line {problems[0]?.line ?? '?'}: {problems[0]?.message}
        </p>
      ) : undefined}
      <DiffTable from={from} to={to} />
      <p class="muted">The appliance reads it a moment later. It arms nothing.</p>
    </FormDialog>
  );
}

const MARKS: Readonly<Record<DiffLine['kind'], string>> = { same: ' ', added: '+', removed: '−', gap: '⋯' };

/** What `to` says otherwise than `from`, line by line. */
export function DiffTable({ from, to }: { readonly from: string; readonly to: string }) {
  const lines = diffLines(from, to);
  if (lines === undefined) return <p>So much is different that it cannot be shown line by line.</p>;
  if (lines.length === 0) return <p class="muted">Nothing is different.</p>;
  return (
    <div class="diff" tabIndex={0} role="group" aria-label="What is changed">
      <table>
        <tbody>
          {lines.map(({ kind, line, text }) => (
            <tr key={`${kind} ${line}`} class={`is-${kind}`}>
              <td>{line}</td>
              <td>
                <span aria-hidden="true">{MARKS[kind]}</span>
                {kind === 'same' ? undefined : <span class="unseen">{kind}</span>}
              </td>
              <td>
                <code>{text}</code>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
