// Who may log in, for admins: added, given another role or password, removed.

import { useState } from 'preact/hooks';
import { ROLES } from '../api/types.ts';
import type { Operator, Page } from '../api/types.ts';
import { useApp, useLive, useNow, useTask } from '../parts/app.ts';
import { FormDialog } from '../parts/dialog.tsx';
import { Await, Card, Complaint, Field, Grid } from '../parts/pieces.tsx';
import { RemovalDialog } from '../parts/removal.tsx';
import { agoWords } from '../words.ts';

const OPERATORS_MS = 30_000;
const PATH = '/api/v1/operators';

type Asked = { readonly what: 'add' } | { readonly what: 'password' | 'remove'; readonly name: string };

export function Operators() {
  const seen = useLive<Page<Operator>>(PATH, OPERATORS_MS);
  const [asked, setAsked] = useState<Asked>();
  const { client, live, say } = useApp();
  const task = useTask();
  const now = useNow();
  const setRole = (name: string, role: string): void =>
    task.run(
      () => client.ask(`${PATH}/${encodeURIComponent(name)}`, { method: 'PATCH', body: { role } }),
      () => {
        say(`${name} is ${role} now.`);
        live.refresh(PATH);
      },
    );
  return (
    <Card title="Operators" aside={<button onClick={() => setAsked({ what: 'add' })}>Add one …</button>}>
      <Complaint text={task.complaint} />
      <Await for={seen}>
        {({ items }) => (
          <Grid
            label="Operators"
            heads={['Name', 'Role', 'Seen', '']}
            rows={items.map(({ name, role, seenAt }) => [
              name,
              <RoleSelect label={`Role of ${name}`} role={role} onChange={(wanted) => setRole(name, wanted)} />,
              agoWords(seenAt, now),
              <span class="actions">
                <button aria-label={`New password for ${name}`} onClick={() => setAsked({ what: 'password', name })}>
                  Password …
                </button>
                <button aria-label={`Remove ${name}`} onClick={() => setAsked({ what: 'remove', name })}>
                  Remove …
                </button>
              </span>,
            ])}
          />
        )}
      </Await>
      {asked === undefined ? undefined : <Ask asked={asked} onClose={() => setAsked(undefined)} />}
    </Card>
  );
}

type RoleProps = { readonly label: string; readonly role: string; readonly onChange: (role: string) => void };

function RoleSelect({ label, role, onChange }: RoleProps) {
  return (
    <select aria-label={label} value={role} onChange={({ currentTarget }) => onChange(currentTarget.value)}>
      {ROLES.map((one) => (
        <option key={one}>{one}</option>
      ))}
    </select>
  );
}

function Ask({ asked, onClose }: { readonly asked: Asked; readonly onClose: () => void }) {
  const { live, say } = useApp();
  const done = (words: string): void => {
    say(words);
    live.refresh(PATH);
    onClose();
  };
  if (asked.what === 'add') return <AddDialog onClose={onClose} onDone={done} />;
  const { name } = asked;
  if (asked.what === 'remove') return <RemoveDialog name={name} onClose={onClose} />;
  return <PasswordDialog name={name} path={`${PATH}/${encodeURIComponent(name)}`} onClose={onClose} onDone={done} />;
}

type DoneProps = { readonly onClose: () => void; readonly onDone: (words: string) => void };
type OneProps = DoneProps & { readonly name: string; readonly path: string };

function AddDialog({ onClose, onDone }: DoneProps) {
  const { client } = useApp();
  const task = useTask();
  const add = (body: Readonly<Record<string, string>>): void =>
    task.run(
      () => client.ask(PATH, { method: 'POST', body }),
      () => onDone(`${body['name']} may log in now.`),
    );
  return (
    <FormDialog title="Add an operator" onClose={onClose} task={task} action="Add" onSubmit={add}>
      <Field label="Name">
        <input name="name" required maxLength={32} autocomplete="off" />
      </Field>
      <NewPassword />
      <Field label="Role">
        <select name="role">
          {ROLES.map((role) => (
            <option key={role}>{role}</option>
          ))}
        </select>
      </Field>
    </FormDialog>
  );
}

function RemoveDialog({ name, onClose }: { readonly name: string; readonly onClose: () => void }) {
  return (
    <RemovalDialog what={name} list={PATH} name={name} words={() => `${name} is gone.`} onClose={onClose}>
      <p>The sessions and tokens of {name} end with it.</p>
    </RemovalDialog>
  );
}

function PasswordDialog({ name, path, onClose, onDone }: OneProps) {
  const { client } = useApp();
  const task = useTask();
  const set = ({ password }: Readonly<Record<string, string>>): void =>
    task.run(
      () => client.ask(path, { method: 'PATCH', body: { password } }),
      () => onDone(`${name} has a new password.`),
    );
  return (
    <FormDialog title={`A new password for ${name}`} onClose={onClose} task={task} action="Set it" onSubmit={set}>
      <NewPassword />
    </FormDialog>
  );
}

function NewPassword() {
  return (
    <Field label="Password" hint="Ten characters or more.">
      <input type="password" name="password" required maxLength={256} autocomplete="new-password" />
    </Field>
  );
}
