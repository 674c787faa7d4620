// VM templates and ISOs: sent here, shown with their sums and addresses, and with the call by which CloudStack fetches them.

import { useRef, useState } from 'preact/hooks';
import { complaintOf } from '../api/answers.ts';
import type { Page, Registration, Template, Upload } from '../api/types.ts';
import { useApp, useLive, useMay, useTask } from '../parts/app.ts';
import { Dialog, FormDialog } from '../parts/dialog.tsx';
import { Await, Badge, Bar, Card, Complaint, Field, Grid } from '../parts/pieces.tsx';
import { byteWords, percentOf } from '../words.ts';

const PATH = '/api/v1/templates';
const UPLOADS = '/api/v1/template-uploads';
const TEMPLATES_MS = 5000;

type Asked = { readonly what: 'register' | 'remove'; readonly name: string };

export function Templates() {
  const files = useLive<Page<Template>>(PATH, TEMPLATES_MS);
  const uploads = useLive<Page<Upload>>(UPLOADS, TEMPLATES_MS);
  const [asked, setAsked] = useState<Asked>();
  const mayAct = useMay('operator');
  const close = (): void => setAsked(undefined);
  return (
    <Card title="VM templates and ISOs">
      {mayAct ? <Sender unfinished={uploads.value?.items ?? []} /> : undefined}
      <Unfinished uploads={uploads.value?.items ?? []} />
      <Await for={files}>
        {({ items }) => (
          <Grid
            label="VM templates and ISOs"
            heads={['File', 'State', 'Size', 'SHA-256', '']}
            rows={items.map(({ name, url, state, sizeBytes, sha256 }) => [
              <a href={`/templates/${encodeURIComponent(name)}`} title={url}>
                {name}
              </a>,
              <Badge state={state} />,
              byteWords(sizeBytes),
              <code title={sha256}>{sha256.slice(0, 16)}…</code>,
              <span class="actions">
                <button aria-label={`Register ${name}`} onClick={() => setAsked({ what: 'register', name })}>
                  Register …
                </button>
                {mayAct ? (
                  <button aria-label={`Remove ${name}`} onClick={() => setAsked({ what: 'remove', name })}>
                    Remove …
                  </button>
                ) : undefined}
              </span>,
            ])}
          />
        )}
      </Await>
      {asked?.what === 'register' ? <RegisterDialog name={asked.name} onClose={close} /> : undefined}
      {asked?.what === 'remove' ? <RemoveDialog name={asked.name} onClose={close} /> : undefined}
    </Card>
  );
}

/** What is sent from this page goes on while other views are looked at only as long as this one is open. */
function Sender({ unfinished }: { readonly unfinished: readonly Upload[] }) {
  const { upload, live, say } = useApp();
  const [sent, setSent] = useState<{ readonly bytes: number; readonly of: number; readonly stop: () => void }>();
  const [complaint, setComplaint] = useState<string>();
  const chosen = useRef<HTMLInputElement>(null);
  const send = async (): Promise<void> => {
    const file = chosen.current?.files?.[0];
    if (file === undefined) return;
    const stopper = new AbortController();
    const told = (bytes: number): void => setSent({ bytes, of: file.size, stop: () => stopper.abort() });
    setComplaint(undefined);
    told(0);
    const same = unfinished.filter(({ name, sizeBytes }) => name === file.name && sizeBytes === file.size);
    const answer = await upload(file, { unfinished: same.map(({ id }) => id), signal: stopper.signal, onSent: told });
    setSent(undefined);
    live.refresh(PATH);
    live.refresh(UPLOADS);
    if (answer.kind === 'ok') say(`${answer.value} is here.`);
    else setComplaint(stopper.signal.aborted ? 'Paused. Choose the same file again to go on.' : complaintOf(answer));
  };
  return (
    <>
      <Complaint text={complaint} />
      <span class="actions">
        <Field label="Send a file" hint="Goes on where it broke off when the same file is chosen again.">
          <input type="file" ref={chosen} disabled={sent !== undefined} />
        </Field>
        {sent === undefined ? (
          <button onClick={() => void send()}>Send</button>
        ) : (
          <>
            <Bar percent={percentOf(sent.bytes, sent.of)} label="Upload" />
            {byteWords(sent.bytes)} of {byteWords(sent.of)} <button onClick={sent.stop}>Pause</button>
          </>
        )}
      </span>
    </>
  );
}

function Unfinished({ uploads }: { readonly uploads: readonly Upload[] }) {
  if (uploads.length === 0) return <></>;
  return (
    <ul class="rows" aria-label="Unfinished uploads">
      {uploads.map(({ id, name, offset, sizeBytes, by }) => (
        <li key={id}>
          {name}: {byteWords(offset)} of {byteWords(sizeBytes)} are here <span class="muted">(sent by {by})</span>
        </li>
      ))}
    </ul>
  );
}

type DialogProps = { readonly name: string; readonly onClose: () => void };

function RegisterDialog({ name, onClose }: DialogProps) {
  const seen = useLive<Registration>(`${PATH}/${encodeURIComponent(name)}/register`, 60_000);
  return (
    <Dialog title={`How CloudStack fetches ${name}`} onClose={onClose}>
      <Await for={seen}>
        {({ url, cloudmonkey, query, notes }) => (
          <>
            <Copied label="Address" text={url} />
            <Copied label="CloudMonkey" text={cloudmonkey} />
            <Copied label="API call, without key and signature" text={query} />
            {notes.map((note) => (
              <p>{note}</p>
            ))}
          </>
        )}
      </Await>
      <div class="buttons">
        <button class="main" onClick={onClose}>
          Close
        </button>
      </div>
    </Dialog>
  );
}

/** A text to copy. A page without TLS has no clipboard: it is chosen whole as the field is gone to. */
function Copied({ label, text }: { readonly label: string; readonly text: string }) {
  return (
    <Field label={label}>
      <input readOnly value={text} onFocus={({ currentTarget }) => currentTarget.select()} />
    </Field>
  );
}

function RemoveDialog({ name, onClose }: DialogProps) {
  const { client, live, say } = useApp();
  const task = useTask();
  const remove = (): void =>
    task.run(
      () => client.ask(`${PATH}/${encodeURIComponent(name)}`, { method: 'DELETE' }),
      () => {
        say(`${name} is gone.`);
        live.refresh(PATH);
        onClose();
      },
    );
  return (
    <FormDialog title={`Remove ${name}?`} onClose={onClose} task={task} action="Remove" tone="danger" onSubmit={remove}>
      <p>It is removed from the disk. Transfers that run go on to their end.</p>
    </FormDialog>
  );
}
