// The form that makes a medium a tree of the site: an image sent from here, one that is here, a path on the appliance, or a URL.

import type { ComponentChildren } from 'preact';
import { useRef, useState } from 'preact/hooks';
import { complaintOf } from '../api/answers.ts';
import type { AddedTree, Template } from '../api/content-types.ts';
import type { Page } from '../api/types.ts';
import { useApp, useLive, useTask } from '../parts/app.ts';
import { FormDialog } from '../parts/dialog.tsx';
import { Complaint, Field } from '../parts/pieces.tsx';
import { PAUSED, SendingBar, TEMPLATES, useSending } from './sending.tsx';

const LIST = '/api/v1/trees';
const TEMPLATES_MS = 15_000;
/** A medium on a slow disk is looked at as a whole. */
const PROOF_MS = 120_000;

type Way = 'send' | 'here' | 'path' | 'url';
type From = { readonly upload: string } | { readonly path: string } | { readonly url: string };

const WAYS: readonly (readonly [Way, string])[] = [
  ['send', 'An image sent from this computer'],
  ['here', 'An ISO that is here already'],
  ['path', 'A path on the appliance'],
  ['url', 'A URL to mirror'],
];

type AddProps = {
  /** The name of a tree that the site has and that is absent; empty for a new one. */
  readonly given: string;
  readonly onClose: () => void;
};

/** Asks for a medium. It is proved before anything is changed. */
export function AddTreeDialog({ given, onClose }: AddProps) {
  const { task, sending, way, sentName, trouble, choose, submit } = useAdding(onClose);
  const file = useRef<HTMLInputElement>(null);
  const isSending = sending.sent !== undefined;
  return (
    <FormDialog
      title={given === '' ? 'Add a tree' : `Add the medium of the tree ${given}`}
      onClose={onClose}
      task={task}
      action={way === 'send' ? 'Send and add' : 'Add'}
      isBlocked={isSending}
      onSubmit={({ name = '', value = '' }) => submit(name.trim(), value.trim(), file.current?.files?.[0])}
    >
      <Field label="Name" hint="As profiles and addresses name it: letters, digits and . _ -">
        <input
          name="name"
          required
          maxLength={63}
          pattern="[A-Za-z0-9][A-Za-z0-9._\-]*"
          defaultValue={given}
          readOnly={given !== ''}
          autocomplete="off"
        />
      </Field>
      <Ways way={way} isBusy={isSending} onChoose={choose} />
      {way === 'send' ? (
        <Field label="ISO file" hint="Goes on where it broke off when the same file is chosen again.">
          <input type="file" ref={file} accept=".iso" required disabled={isSending} />
        </Field>
      ) : undefined}
      {way === 'here' ? <HereField key={sentName} chosen={sentName} /> : undefined}
      {way === 'path' ? (
        <Text label="Path" hint="Of an ISO image, or of a directory with all files of a medium." begins="/" />
      ) : undefined}
      {way === 'url' ? (
        <Text label="URL" hint="Of the directory that holds its .treeinfo. It is synced at once." begins="http" />
      ) : undefined}
      <SendingBar sending={sending} />
      <Complaint text={trouble} />
    </FormDialog>
  );
}

/** What the form does, and how far it is. `trouble` is that of sending; `sentName` is what was sent from it. */
function useAdding(onClose: () => void) {
  const { client, live, say } = useApp();
  const task = useTask();
  const sending = useSending();
  const [way, setWay] = useState<Way>('send');
  const [trouble, setTrouble] = useState<string>();
  const [sentName, setSentName] = useState('');
  const finish = (added: AddedTree): void => {
    say(addedWords(added));
    live.refresh(LIST);
    onClose();
    if (!added.needsSync) return;
    void client.ask(`${LIST}/${encodeURIComponent(added.tree)}/syncs`, { method: 'POST' }).then((answer) => {
      say(complaintOf(answer) ?? `The first sync of tree ${added.tree} has begun.`);
      live.refresh(LIST);
    });
  };
  const add = (name: string, from: From): void =>
    task.run(() => client.ask<AddedTree>(LIST, { method: 'POST', body: { name, from }, withinMs: PROOF_MS }), finish);
  const sendAndAdd = async (name: string, file: File): Promise<void> => {
    setTrouble(undefined);
    const answer = await sending.send(file);
    if (answer === 'paused') return setTrouble(PAUSED);
    if (answer.kind !== 'ok') return setTrouble(complaintOf(answer));
    // It is here now: whatever is refused, it need not be sent again.
    setSentName(answer.value);
    setWay('here');
    add(name, { upload: answer.value });
  };
  const submit = (name: string, value: string, file: File | undefined): void => {
    if (way !== 'send') return add(name, fromOf(way, value));
    if (file !== undefined) void sendAndAdd(name, file);
  };
  const choose = (chosen: Way): void => {
    task.clear();
    setTrouble(undefined);
    setWay(chosen);
  };
  return { task, sending, way, sentName, trouble, choose, submit };
}

function fromOf(way: Exclude<Way, 'send'>, value: string): From {
  switch (way) {
    case 'here':
      return { upload: value };
    case 'path':
      return { path: value };
    case 'url':
      return { url: value };
  }
}

type WaysProps = { readonly way: Way; readonly isBusy: boolean; readonly onChoose: (way: Way) => void };

function Ways({ way, isBusy, onChoose }: WaysProps) {
  return (
    <fieldset disabled={isBusy}>
      <legend>From</legend>
      {WAYS.map(([value, words]) => (
        <label key={value} class="choice">
          <input type="radio" name="way" checked={way === value} onChange={() => onChoose(value)} /> {words}
        </label>
      ))}
    </fieldset>
  );
}

function HereField({ chosen }: { readonly chosen: string }): ComponentChildren {
  const files = useLive<Page<Template>>(TEMPLATES, TEMPLATES_MS).value?.items ?? [];
  const images = files.flatMap(({ name }) => (name.endsWith('.iso') ? [name] : []));
  const names = chosen === '' || images.includes(chosen) ? images : [chosen, ...images];
  if (names.length === 0) return <p class="muted">There is none among the templates and ISOs.</p>;
  return (
    <Field label="ISO">
      <select name="value">
        {names.map((name) => (
          <option key={name} selected={name === chosen}>
            {name}
          </option>
        ))}
      </select>
    </Field>
  );
}

type TextProps = { readonly label: string; readonly hint: string; readonly begins: string };

function Text({ label, hint, begins }: TextProps) {
  return (
    <Field label={label} hint={hint}>
      <input
        key={label}
        name="value"
        required
        pattern={`${begins}.*`}
        title={`begins with ${begins}`}
        autocomplete="off"
      />
    </Field>
  );
}

function addedWords({ tree, os, done }: AddedTree): string {
  if (os === undefined) return `The site names the tree ${tree} now.`;
  return done === 'there' ? `The tree ${tree} was there already: ${os}.` : `The tree ${tree} is there: ${os}.`;
}
