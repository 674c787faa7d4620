// The address plan drawn: every network as a field of cells, each of which says whose it is; a free one can be taken.

import { useMemo, useRef, useState } from 'preact/hooks';
import type { Discovered, Host, Page, PlanRow } from '../api/types.ts';
import { useLive, useMay } from '../parts/app.ts';
import { Await, Card, Field, Link } from '../parts/pieces.tsx';
import type { Cell, CellState, NetworkDrawing } from '../plan-drawing.ts';
import { drawPlan } from '../plan-drawing.ts';
import { hostPath } from '../route.ts';
import { EnrolDialog } from './enrol.tsx';

const PLAN_MS = 5000;

export function NetworkPlan() {
  const plan = useLive<readonly PlanRow[]>('/api/v1/site/plan', PLAN_MS);
  const discovered = useLive<Page<Discovered>>('/api/v1/discovered', PLAN_MS);
  const strangers = discovered.value?.items ?? [];
  const drawings = useMemo(() => drawPlan(plan.value ?? [], strangers), [plan.value, discovered.value]);
  return (
    <>
      <h1>Network</h1>
      <Legend />
      <Await for={plan}>
        {() => (
          <>
            {drawings.map((drawing) => (
              <NetworkCard key={drawing.name} drawing={drawing} strangers={strangers} />
            ))}
          </>
        )}
      </Await>
    </>
  );
}

const LEGEND: readonly (readonly [CellState, string])[] = [
  ['host', 'a host'],
  ['free', 'free for a host'],
  ['service', 'gateway, name server, appliance'],
  ['reserved', 'kept for something else'],
  ['dynamic', 'for machines in no site'],
  ['unused', 'free, in no range'],
  ['mixed', 'several (a block)'],
  ['conflict', 'to be looked at'],
];

/** Not by colour alone: each state has a sign of its own. */
const SIGNS: Readonly<Record<CellState, string>> = {
  host: '■',
  free: '',
  service: '▲',
  reserved: '×',
  dynamic: '~',
  unused: '·',
  mixed: '▒',
  conflict: '!',
};

function Legend() {
  return (
    <ul class="legend" aria-label="What the cells mean">
      {LEGEND.map(([state, words]) => (
        <li key={state}>
          <span class={`cell is-${state}`} aria-hidden="true">
            {SIGNS[state]}
          </span>{' '}
          {words}
        </li>
      ))}
    </ul>
  );
}

type CardProps = { readonly drawing: NetworkDrawing; readonly strangers: readonly Discovered[] };

function NetworkCard({ drawing, strangers }: CardProps) {
  const [at, setAt] = useState(0);
  const cell = drawing.cells[at];
  return (
    <Card title={`${drawing.name} ${drawing.subnet}`}>
      <p class="muted">{drawing.words}</p>
      {drawing.notes.map((note) => (
        <p class="bad">{note}</p>
      ))}
      <div class="map">
        <AddressField drawing={drawing} at={at} onMove={setAt} />
        <div>
          <div class="told" aria-live="polite">
            {cell === undefined ? undefined : <Told cell={cell} strangers={strangers} />}
          </div>
          <ul class="rows">
            {drawing.ranges.map(({ name, words }, index) => (
              <li key={name}>
                <span class={`swatch ${toneClass(index)}`} aria-hidden="true" />
                <strong>{name}</strong> <span class="muted">{words}</span>
              </li>
            ))}
          </ul>
        </div>
      </div>
    </Card>
  );
}

/** Ranges are told apart by a line below their cells; a seventh begins again. */
function toneClass(tone: number | undefined): string {
  return tone === undefined ? '' : `tone-${tone % 6}`;
}

type FieldProps = { readonly drawing: NetworkDrawing; readonly at: number; readonly onMove: (at: number) => void };

/** One stop for the Tab key; the arrow keys go from cell to cell (ARIA Authoring Practices, grid pattern). */
function AddressField({ drawing: { name, columns, cells }, at, onMove }: FieldProps) {
  const field = useRef<HTMLDivElement>(null);
  const move = (to: number): void => {
    if (cells[to] === undefined) return;
    onMove(to);
    field.current?.querySelectorAll('button')[to]?.focus();
  };
  const steps: Readonly<Record<string, number>> = {
    ArrowLeft: -1,
    ArrowRight: 1,
    ArrowUp: -columns,
    ArrowDown: columns,
  };
  const pressed = (event: KeyboardEvent): void => {
    const step = steps[event.key];
    if (step === undefined) return;
    event.preventDefault();
    move(at + step);
  };
  const rows = Array.from({ length: Math.ceil(cells.length / columns) }, (_, row) => row * columns);
  return (
    <div class="plan" role="grid" aria-label={`Addresses of ${name}`} ref={field} onKeyDown={pressed}>
      {rows.map((first) => (
        <div role="row" key={first}>
          {cells.slice(first, first + columns).map((cell, index) => (
            <span role="gridcell" key={cell.first}>
              <button
                class={`cell is-${cell.state} ${toneClass(cell.tone)}`}
                tabIndex={first + index === at ? 0 : -1}
                aria-label={cell.words}
                aria-current={first + index === at ? 'true' : undefined}
                title={cell.words}
                onClick={() => onMove(first + index)}
                onFocus={() => onMove(first + index)}
              >
                {SIGNS[cell.state]}
              </button>
            </span>
          ))}
        </div>
      ))}
    </div>
  );
}

/** What the cell that is looked at says, and what can be done there. */
function Told({ cell, strangers }: { readonly cell: Cell; readonly strangers: readonly Discovered[] }) {
  const hosts = useLive<Page<Host>>('/api/v1/hosts', PLAN_MS);
  const [isAsking, setAsking] = useState(false);
  const mayAct = useMay('operator');
  return (
    <>
      <p>
        {cell.words} {cell.host === undefined ? undefined : <Link to={hostPath(cell.host)}>Its page</Link>}
      </p>
      {cell.isOpen ? (
        <p class="actions">
          {mayAct && strangers.length > 0 ? (
            <button onClick={() => setAsking(true)}>Enrol a machine here …</button>
          ) : undefined}
          <Field label="To copy">
            <input readOnly value={cell.first} size={15} onFocus={({ currentTarget }) => currentTarget.select()} />
          </Field>
        </p>
      ) : undefined}
      {isAsking ? (
        <EnrolDialog
          machines={strangers}
          hosts={hosts.value?.items ?? []}
          address={cell.first}
          onClose={() => setAsking(false)}
        />
      ) : undefined}
    </>
  );
}
