// Arming and disarming: what will be wiped is named before it is agreed to, and each host's refusal is shown.

import { useState } from 'preact/hooks';
import { complaintOf } from '../api/answers.ts';
import type { Host, Site } from '../api/types.ts';
import { useApp, useLive, useTask } from '../parts/app.ts';
import { Dialog, FormDialog } from '../parts/dialog.tsx';
import { Await, Field } from '../parts/pieces.tsx';
import { hostPath } from '../route.ts';
import { timeWords } from '../words.ts';
import type { Wiped } from '../wiping.ts';
import { wipedDisks, wordToType } from '../wiping.ts';

type ArmingProps = { readonly hosts: readonly Host[]; readonly onClose: () => void; readonly onDone: () => void };

/** What became of one host that was asked for. */
type Result = { readonly host: string; readonly words: string; readonly isRefused: boolean };

const DURATIONS = [
  ['900', '15 minutes'],
  ['7200', '2 hours'],
  ['28800', '8 hours'],
  ['86400', 'a day'],
  ['604800', '7 days'],
] as const;
const SITE_MS = 60_000;

/** Asks for the leave to install `hosts`; for several, their number has to be typed. */
export function ArmDialog({ hosts, onClose, onDone }: ArmingProps) {
  const site = useLive<Site>('/api/v1/site', SITE_MS);
  const [results, setResults] = useState<readonly Result[]>();
  const [typed, setTyped] = useState('');
  const app = useApp();
  const task = useTask();
  const word = wordToType(hosts.length);
  const wiped = site.value === undefined ? undefined : wipedDisks(hosts, site.value.profiles);
  const arm = ({ seconds }: Readonly<Record<string, string>>): void => {
    task.run(async () => {
      const done = await armAll(app, hosts, Number(seconds));
      app.live.refresh('/api/v1/hosts');
      return { kind: 'ok', value: done, etag: undefined };
    }, setResults);
  };
  const finish = (): void => {
    onClose();
    onDone();
  };
  if (results !== undefined) return <Results title="Arming" results={results} onClose={finish} />;
  return (
    <FormDialog
      title={hosts.length === 1 ? `Arm ${hosts[0]?.name}?` : `Arm ${hosts.length} hosts?`}
      onClose={onClose}
      task={task}
      action="Arm: wipe at the next boot"
      tone="danger"
      isBlocked={typed.trim() !== word || wiped === undefined}
      onSubmit={arm}
    >
      <p>
        The next network boot of each host here <strong>wipes these disks</strong> and installs.
      </p>
      <Await for={site}>{() => <WipeList wiped={wiped ?? []} />}</Await>
      <Field label="Armed for">
        <select name="seconds">
          {DURATIONS.map(([seconds, words]) => (
            <option key={seconds} value={seconds} selected={seconds === '7200'}>
              {words}
            </option>
          ))}
        </select>
      </Field>
      {word === '' ? undefined : (
        <Field label={`Type ${word}, the number of hosts that are wiped`}>
          <input
            value={typed}
            inputMode="numeric"
            autocomplete="off"
            onInput={({ currentTarget }) => setTyped(currentTarget.value)}
          />
        </Field>
      )}
    </FormDialog>
  );
}

function WipeList({ wiped }: { readonly wiped: readonly Wiped[] }) {
  return (
    <ul class="wiped" tabIndex={0} aria-label="Disks that are wiped">
      {wiped.map(({ host, profile, disks, isProtected }) => (
        <li key={host}>
          <strong>{host}</strong> <span class="muted">({profile})</span>:{' '}
          {disks === undefined ? 'disks unknown: its profile is in no site' : disks.join('; ')}
          {isProtected ? <span class="muted"> — stops where a disk carries data</span> : undefined}
        </li>
      ))}
    </ul>
  );
}

/** Takes the leave to install back from `hosts`. */
export function DisarmDialog({ hosts, onClose, onDone }: ArmingProps) {
  const [results, setResults] = useState<readonly Result[]>();
  const app = useApp();
  const task = useTask();
  const disarm = (): void => {
    task.run(async () => {
      const done = await inTurn(hosts, async ({ name }) => {
        const answer = await app.client.ask(`/api/v1${hostPath(name)}/disarm`, { method: 'POST' });
        const complaint = complaintOf(answer);
        return { host: name, words: complaint ?? 'disarmed', isRefused: complaint !== undefined };
      });
      app.live.refresh('/api/v1/hosts');
      return { kind: 'ok', value: done, etag: undefined };
    }, setResults);
  };
  const finish = (): void => {
    onClose();
    onDone();
  };
  if (results !== undefined) return <Results title="Disarming" results={results} onClose={finish} />;
  return (
    <FormDialog title="Disarm?" onClose={onClose} task={task} action="Disarm" onSubmit={disarm}>
      <p>These hosts boot their own disks again. An install that runs is given nothing more.</p>
      <ul class="wiped" tabIndex={0} aria-label="Hosts to disarm">
        {hosts.map(({ name, phase }) => (
          <li key={name}>
            <strong>{name}</strong> <span class="muted">({phase})</span>
          </li>
        ))}
      </ul>
    </FormDialog>
  );
}

type ResultProps = { readonly title: string; readonly results: readonly Result[]; readonly onClose: () => void };

function Results({ title, results, onClose }: ResultProps) {
  const refused = results.filter(({ isRefused }) => isRefused);
  return (
    <Dialog title={title} onClose={onClose}>
      <p role="status">
        {results.length - refused.length} done, {refused.length} refused.
      </p>
      <ul class="wiped" tabIndex={0} aria-label="What became of each">
        {[...refused, ...results.filter(({ isRefused }) => !isRefused)].map(({ host, words, isRefused }) => (
          <li key={host} class={isRefused ? 'bad' : undefined}>
            <strong>{host}</strong>: {words}
          </li>
        ))}
      </ul>
      <div class="buttons">
        <button class="main" onClick={onClose}>
          Close
        </button>
      </div>
    </Dialog>
  );
}

async function armAll(
  { client }: ReturnType<typeof useApp>,
  hosts: readonly Host[],
  forSeconds: number,
): Promise<readonly Result[]> {
  return inTurn(hosts, async ({ name }) => {
    const answer = await client.ask<{ readonly expiresAt: number }>(`/api/v1${hostPath(name)}/arm`, {
      method: 'POST',
      body: { forSeconds },
    });
    const isRefused = answer.kind !== 'ok';
    const words =
      answer.kind === 'ok' ? `armed until ${timeWords(answer.value.expiresAt)}` : (complaintOf(answer) ?? '');
    return { host: name, words, isRefused };
  });
}

/** One after the other: the appliance renders each install before it agrees. */
async function inTurn(hosts: readonly Host[], one: (host: Host) => Promise<Result>): Promise<readonly Result[]> {
  const results: Result[] = [];
  for (const host of hosts) results.push(await one(host));
  return results;
}
