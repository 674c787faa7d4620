// A host's whole install without the machine, on a button: every step of it, and what would be installed.

import { useState } from 'preact/hooks';
import type { Rehearsal, RehearsalStep } from '../api/types.ts';
import { useApp, useMay, useTask } from '../parts/app.ts';
import { Badge, Card, Complaint, Grid } from '../parts/pieces.tsx';
import { hostPath } from '../route.ts';
import { countWords } from '../words.ts';
import { Remedy } from './overview.tsx';

/** The appliance gives up after three minutes itself. */
const WITHIN_MS = 190_000;
const WORDS = { green: 'fine', warning: 'warning', red: 'wrong' } as const;

export function RehearsalView({ host }: { readonly host: string }) {
  const { client } = useApp();
  const [seen, setSeen] = useState<Rehearsal>();
  const task = useTask();
  const mayAct = useMay('operator');
  const rehearse = (): void =>
    task.run(
      () => client.ask<Rehearsal>(`/api/v1${hostPath(host)}/rehearsals`, { method: 'POST', withinMs: WITHIN_MS }),
      setSeen,
    );
  return (
    <Card title="Rehearsal">
      <p>Walks the whole install without the machine: loader, scripts, instructions, every package and dependency.</p>
      {mayAct ? (
        <button disabled={task.isBusy} onClick={rehearse}>
          {task.isBusy ? 'Rehearsing …' : 'Rehearse now'}
        </button>
      ) : (
        <p class="muted">An operator may start one.</p>
      )}
      <Complaint text={task.complaint} />
      {seen === undefined ? undefined : <Found rehearsal={seen} />}
    </Card>
  );
}

function Found({ rehearsal: { host, steps, packages = [] } }: { readonly rehearsal: Rehearsal }) {
  const red = steps.filter(({ verdict }) => verdict === 'red').length;
  return (
    <>
      <p role="status">
        {red === 0 ? `${host} would install.` : `${host} would not install: ${countWords(red, 'problem')}.`}
      </p>
      <Grid label="Steps" heads={['Found', 'What', 'Detail']} rows={steps.map(stepCells)} />
      {packages.length === 0 ? undefined : (
        <details>
          <summary>{countWords(packages.length, 'package')}</summary>
          <Grid
            label="Packages"
            heads={['Package', 'Repository']}
            rows={packages.map(({ name, evr, arch, repo }) => [`${name}-${evr}.${arch}`, repo])}
          />
        </details>
      )}
    </>
  );
}

function stepCells({ verdict, what, detail, remedy }: RehearsalStep) {
  return [
    <Badge state={WORDS[verdict]} />,
    what,
    <>
      {detail}
      {remedy === undefined || verdict === 'green' ? undefined : <Remedy text={remedy} />}
    </>,
  ];
}
