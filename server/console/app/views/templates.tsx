// VM templates and ISOs: sent here, shown with their sums and addresses, and with the call by which CloudStack fetches them.

import { useRef, useState } from 'preact/hooks';
import { complaintOf } from '../api/answers.ts';
import type { Registration, Template, Upload } from '../api/content-types.ts';
import type { Page } from '../api/types.ts';
import { useApp, useLive, useMay } from '../parts/app.ts';
import { Dialog } from '../parts/dialog.tsx';
import { Await, Badge, Card, Complaint, Field, Grid } from '../parts/pieces.tsx';
import { RemovalDialog } from '../parts/removal.tsx';
import { byteWords } from '../words.ts';
import type { Sending } from './sending.tsx';
import { PAUSED, SendingBar, TEMPLATES, useSending } from './sending.tsx';

const TEMPLATES_MS = 5000;

type Asked = { readonly what: 'register' | 'remove'; readonly name: string };

export function Templates() {
  const files = useLive<Page<Template>>(TEMPLATES, TEMPLATES_MS);
  const sending = useSending();
  const [asked, setAsked] = useState<Asked>();
  const mayAct = useMay('operator');
  const close = (): void => setAsked(undefined);
  return (
    <Card title="VM templates and ISOs">
      {mayAct ? <Sender sending={sending} /> : undefined}
      <Unfinished uploads={sending.unfinished} />
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

function Sender({ sending }: { readonly sending: Sending }) {
  const { say } = useApp();
  const [complaint, setComplaint] = useState<string>();
  const chosen = useRef<HTMLInputElement>(null);
  const send = async (): Promise<void> => {
    const file = chosen.current?.files?.[0];
    if (file === undefined) return;
    setComplaint(undefined);
    const answer = await sending.send(file);
    if (answer === 'paused') setComplaint(PAUSED);
    else if (answer.kind === 'ok') say(`${answer.value} is here.`);
    else setComplaint(complaintOf(answer));
  };
  return (
    <>
      <Complaint text={complaint} />
      <span class="actions">
        <Field label="Send a file" hint="Goes on where it broke off when the same file is chosen again.">
          <input type="file" ref={chosen} disabled={sending.sent !== undefined} />
        </Field>
        {sending.sent === undefined ? <button onClick={() => void send()}>Send</button> : undefined}
        <SendingBar sending={sending} />
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
  const seen = useLive<Registration>(`${TEMPLATES}/${encodeURIComponent(name)}/register`, 60_000);
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
  return (
    <RemovalDialog what={name} list={TEMPLATES} name={name} words={() => `${name} is gone.`} onClose={onClose}>
      <p>It is removed from the disk. Transfers that run go on to their end.</p>
    </RemovalDialog>
  );
}
