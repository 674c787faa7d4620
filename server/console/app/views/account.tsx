// One's own password and API tokens; for admins, who may log in.

import { useState } from 'preact/hooks';
import { ROLES } from '../api/types.ts';
import type { Page, Role, Token } from '../api/types.ts';
import { useApp, useLive, useMay, useNow, useTask } from '../parts/app.ts';
import { Dialog, FormDialog, fieldsOf } from '../parts/dialog.tsx';
import { Await, Card, Complaint, Field, Grid, Time } from '../parts/pieces.tsx';
import { agoWords } from '../words.ts';
import { Operators } from './operators.tsx';

const TOKENS_MS = 30_000;

export function Account() {
  const { session } = useApp();
  const isAdmin = useMay('admin');
  return (
    <>
      <h1>Account</h1>
      <p>
        {session.name} is {session.role}.
      </p>
      <Tokens />
      <Password />
      {isAdmin ? <Operators /> : undefined}
    </>
  );
}

function Password() {
  const { client, leave } = useApp();
  const task = useTask();
  const [differ, setDiffer] = useState<string>();
  const change = (event: SubmitEvent): void => {
    event.preventDefault();
    if (!(event.currentTarget instanceof HTMLFormElement)) return;
    const { old, wanted, again } = fieldsOf(event.currentTarget);
    setDiffer(wanted === again ? undefined : 'The new passwords differ.');
    if (wanted === again)
      task.run(() => client.ask('/api/v1/session/password', { method: 'PUT', body: { old, new: wanted } }), leave);
  };
  return (
    <Card title="Password">
      <form onSubmit={change}>
        <Field label="Old password">
          <input type="password" name="old" required maxLength={256} autocomplete="current-password" />
        </Field>
        <Field label="New password" hint="Ten characters or more. Every session of this account ends.">
          <input type="password" name="wanted" required maxLength={256} autocomplete="new-password" />
        </Field>
        <Field label="New password again">
          <input type="password" name="again" required maxLength={256} autocomplete="new-password" />
        </Field>
        <Complaint text={differ ?? task.complaint} />
        <button disabled={task.isBusy}>Change the password</button>
      </form>
    </Card>
  );
}

function Tokens() {
  const seen = useLive<Page<Token>>('/api/v1/tokens', TOKENS_MS);
  const { client, live, say } = useApp();
  const task = useTask();
  const now = useNow();
  const [isMaking, setMaking] = useState(false);
  const [secret, setSecret] = useState<string>();
  const end = ({ id, label }: Token): void =>
    task.run(
      () => client.ask(`/api/v1/tokens/${encodeURIComponent(id)}`, { method: 'DELETE' }),
      () => {
        say(`The token ${label} opens nothing any more.`);
        live.refresh('/api/v1/tokens');
      },
    );
  return (
    <Card title="API tokens" aside={<button onClick={() => setMaking(true)}>Make a token …</button>}>
      <Complaint text={task.complaint} />
      <Await for={seen}>
        {({ items }) => (
          <Grid
            label="API tokens"
            heads={['Label', 'Of', 'Role', 'Expires', 'Used', '']}
            rows={items.map((token) => [
              token.label,
              token.operator,
              token.role,
              token.expiresAt === undefined ? 'never' : <Time at={token.expiresAt} />,
              agoWords(token.seenAt, now),
              <button aria-label={`End ${token.label}`} onClick={() => end(token)}>
                End
              </button>,
            ])}
          />
        )}
      </Await>
      {isMaking ? <MakeToken onClose={() => setMaking(false)} onMade={setSecret} /> : undefined}
      {secret === undefined ? undefined : (
        <Dialog title="The token" onClose={() => setSecret(undefined)}>
          <p>It is shown this once. Keep it where secrets are kept.</p>
          <Field label="Token">
            <input readOnly value={secret} onFocus={({ currentTarget }) => currentTarget.select()} />
          </Field>
          <div class="buttons">
            <button class="main" onClick={() => setSecret(undefined)}>
              Close
            </button>
          </div>
        </Dialog>
      )}
    </Card>
  );
}

type MakeProps = { readonly onClose: () => void; readonly onMade: (secret: string) => void };

function MakeToken({ onClose, onMade }: MakeProps) {
  const { client, live, session } = useApp();
  const task = useTask();
  const make = ({ label, role, days }: Readonly<Record<string, string>>): void =>
    task.run(
      () =>
        client.ask<{ readonly secret: string }>('/api/v1/tokens', {
          method: 'POST',
          body: { label, role, ...(days === '' ? {} : { days: Number(days) }) },
        }),
      ({ secret }) => {
        live.refresh('/api/v1/tokens');
        onClose();
        onMade(secret);
      },
    );
  return (
    <FormDialog title="Make a token" onClose={onClose} task={task} action="Make it" onSubmit={make}>
      <Field label="Label" hint="What it is for.">
        <input name="label" required maxLength={100} autocomplete="off" />
      </Field>
      <Field label="Role">
        <select name="role">
          {rolesUpTo(session.role).map((role) => (
            <option key={role}>{role}</option>
          ))}
        </select>
      </Field>
      <Field label="Days" hint="Empty: for ever.">
        <input name="days" type="number" min={1} max={3650} />
      </Field>
    </FormDialog>
  );
}

/** A token can do no more than who makes it. */
function rolesUpTo(role: Role): readonly Role[] {
  return ROLES.slice(0, ROLES.indexOf(role) + 1);
}
