// The form that adds a repo to the site, and begins its first sync. What the site file would get wrong is told at its field.

import type { ComponentChildren } from 'preact';
import { complaintOf } from '../api/answers.ts';
import type { AddedRepo } from '../api/content-types.ts';
import type { Problem } from '../api/types.ts';
import { useApp, useTask } from '../parts/app.ts';
import { FormDialog } from '../parts/dialog.tsx';
import { Field } from '../parts/pieces.tsx';

const LIST = '/api/v1/repos';
/** As the site file has it where nothing is said. */
const KEPT = 3;

const KEYS = ['name', 'upstream', 'publish', 'schedule', 'keep'] as const;
type Key = (typeof KEYS)[number];
type Fields = Readonly<Partial<Record<Key | 'sync', string>>>;

export function AddRepoDialog({ onClose }: { readonly onClose: () => void }) {
  const { task, submit } = useAdding(onClose);
  const wrong = faultsByField(task.problems);
  const input = (key: Key) => ({ name: key, autocomplete: 'off', 'aria-invalid': wrong.has(key) });
  return (
    <FormDialog title="Add a repo" onClose={onClose} task={task} action="Add" onSubmit={submit}>
      <Field label="Name" hint="As profiles and addresses name it: letters, digits and . _ -" wrong={wrong.get('name')}>
        <input {...input('name')} required maxLength={63} pattern="[A-Za-z0-9][A-Za-z0-9._\-]*" />
      </Field>
      <Field
        label="Upstream"
        hint="The URL of the directory that holds its repodata, or an absolute directory on the appliance."
        wrong={wrong.get('upstream')}
      >
        <input
          {...input('upstream')}
          required
          maxLength={1024}
          pattern="(https?:/|/).*"
          title="http://, https:// or /"
        />
      </Field>
      <Field
        label="Published at"
        hint="A second path beside /repos/NAME/, such as /4.0/; none where empty."
        wrong={wrong.get('publish')}
      >
        <input {...input('publish')} maxLength={1024} />
      </Field>
      <Field
        label="Schedule"
        hint="In the time zone of the site, such as 0 3 * * * or @daily; by hand where empty."
        wrong={wrong.get('schedule')}
      >
        <input {...input('schedule')} maxLength={500} />
      </Field>
      <Field label="Snapshots kept" wrong={wrong.get('keep')}>
        <input {...input('keep')} type="number" min={1} max={1000} required defaultValue={String(KEPT)} />
      </Field>
      <label class="choice">
        <input type="checkbox" name="sync" defaultChecked /> Sync it at once
      </label>
      <Others problems={task.problems} />
    </FormDialog>
  );
}

/** What the form does. */
function useAdding(onClose: () => void) {
  const { client, live, say } = useApp();
  const task = useTask();
  const sync = (repo: string): void =>
    void client.ask(`${LIST}/${encodeURIComponent(repo)}/syncs`, { method: 'POST' }).then((answer) => {
      say(complaintOf(answer) ?? `The first sync of ${repo} has begun.`);
      live.refresh(LIST);
    });
  const submit = (fields: Fields): void =>
    task.run(
      () => client.ask<AddedRepo>(LIST, { method: 'POST', body: bodyOf(fields) }),
      ({ repo }) => {
        say(`The site names the repo ${repo} now.`);
        live.refresh(LIST);
        onClose();
        if (fields.sync !== undefined) sync(repo);
      },
    );
  return { task, submit };
}

/** What is empty is not said: the site file has its own default. */
function bodyOf({ name, upstream, publish, schedule, keep }: Fields) {
  return {
    name: name?.trim(),
    upstream: upstream?.trim(),
    publish: saidIn(publish),
    schedule: saidIn(schedule),
    keep: Number(keep),
  };
}

function saidIn(text: string | undefined): string | undefined {
  const said = text?.trim() ?? '';
  return said === '' ? undefined : said;
}

/** `repos[1].schedule` is of the field `schedule`. */
function fieldOf({ path }: Problem): Key | undefined {
  const last = /^repos\[\d+\]\.(\w+)$/.exec(path)?.[1];
  return KEYS.find((key) => key === last);
}

function faultsByField(problems: readonly Problem[]): ReadonlyMap<Key, string> {
  return new Map(
    problems.flatMap((problem) => {
      const field = fieldOf(problem);
      return field === undefined ? [] : [[field, faultWords(problem)] as const];
    }),
  );
}

/** What is wrong and of no field. */
function Others({ problems }: { readonly problems: readonly Problem[] }): ComponentChildren {
  const others = problems.filter((problem) => fieldOf(problem) === undefined);
  if (others.length === 0) return undefined;
  return (
    <ul class="bad">
      {others.map((problem) => (
        <li>{faultWords(problem)}</li>
      ))}
    </ul>
  );
}

function faultWords({ message, remedy }: Problem): string {
  return remedy === undefined ? message : `${message} — ${remedy}`;
}
