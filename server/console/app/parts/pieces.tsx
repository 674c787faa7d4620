// The small pieces that views are made of: links, states, bars, tables, complaints. Every value is text.

import type { ComponentChildren } from 'preact';
import type { Line } from '../api/types.ts';
import type { Seen } from '../live/listener.ts';
import { timeWords } from '../words.ts';
import { useApp } from './app.ts';

type LinkProps = {
  readonly to: string;
  readonly class?: string;
  readonly current?: boolean;
  readonly children: ComponentChildren;
};

/** A link to another view. It is an address too: it opens in another tab, and survives a reload. */
export function Link({ to, class: name, current, children }: LinkProps) {
  const { navigation } = useApp();
  const follow = (event: MouseEvent): void => {
    if (event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    navigation.go(to);
  };
  return (
    <a href={to} class={name} aria-current={current === true ? 'page' : undefined} onClick={follow}>
      {children}
    </a>
  );
}

/** A state in its colour; the word says it too. */
export function Badge({ state }: { readonly state: string }) {
  return <span class={`badge is-${state.replaceAll(/[^a-z]+/g, '-')}`}>{state}</span>;
}

type BarProps = { readonly percent: number | undefined; readonly label: string };

/** How far something is. `percent` undefined: not known. */
export function Bar({ percent, label }: BarProps) {
  return <progress aria-label={label} max={100} {...(percent === undefined ? {} : { value: percent })} />;
}

/** What went wrong; read out as it appears. */
export function Complaint({ text }: { readonly text: string | undefined }) {
  return (
    <p role="alert" class={text === undefined ? 'empty' : 'complaint'}>
      {text}
    </p>
  );
}

type CardProps = {
  readonly title: string;
  readonly aside?: ComponentChildren;
  readonly class?: string;
  readonly children: ComponentChildren;
};

/** A titled part of a view. */
export function Card({ title, aside, class: name, children }: CardProps) {
  return (
    <section class={`card ${name ?? ''}`}>
      <header>
        <h2>{title}</h2>
        {aside}
      </header>
      {children}
    </section>
  );
}

type WaitProps<T> = { readonly for: Seen<T>; readonly children: (value: T) => ComponentChildren };

/** What is there once it is there; what is wrong where it is not to be had. */
export function Await<T>({ for: seen, children }: WaitProps<T>) {
  if (seen.value === undefined && seen.complaint === undefined) return <p class="muted">Loading …</p>;
  return (
    <>
      {seen.complaint === undefined ? undefined : <Complaint text={seen.complaint} />}
      {seen.value === undefined ? undefined : children(seen.value)}
    </>
  );
}

type GridProps = {
  readonly label: string;
  readonly heads: readonly string[];
  readonly rows: readonly (readonly ComponentChildren[])[];
  readonly empty?: string;
};

/** A plain table. What does not fit is scrolled to, by keyboard as well. */
export function Grid({ label, heads, rows, empty = 'None.' }: GridProps) {
  if (rows.length === 0) return <p class="muted">{empty}</p>;
  return (
    <div class="scroll" tabIndex={0} role="group" aria-label={label}>
      <table>
        <thead>
          <tr>
            {heads.map((head) => (
              <th scope="col">{head === '' ? <span class="unseen">Actions</span> : head}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((cells) => (
            <tr>
              {cells.map((cell) => (
                <td>{cell}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Things that happened, one a row. */
export function Lines({ label, lines }: { readonly label: string; readonly lines: readonly Line[] }) {
  return (
    <Grid
      label={label}
      heads={['When', 'What', 'Detail']}
      rows={lines.map(({ at, what, detail }) => [<Time at={at} />, what, detail])}
      empty="Nothing yet."
    />
  );
}

/** A point in time, in UTC. */
export function Time({ at }: { readonly at: number | undefined }) {
  if (at === undefined || at === 0) return <></>;
  return <time dateTime={new Date(at).toISOString()}>{timeWords(at)}</time>;
}

type FieldProps = {
  readonly label: string;
  readonly hint?: string;
  /** What is wrong with what it holds. */
  readonly wrong?: string | undefined;
  readonly children: ComponentChildren;
};

/** A labelled control. */
export function Field({ label, hint, wrong, children }: FieldProps) {
  return (
    <label class="field">
      <span>{label}</span>
      {children}
      {wrong === undefined ? undefined : <small class="bad">{wrong}</small>}
      {hint === undefined ? undefined : <small>{hint}</small>}
    </label>
  );
}
