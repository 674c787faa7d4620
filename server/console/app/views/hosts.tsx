// All hosts, live: filtered, chosen, armed and disarmed; and below them the machines that are none yet.

import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import type { Host, Page } from '../api/types.ts';
import { PHASES } from '../api/types.ts';
import type { Paged } from '../host-list.ts';
import { chooseShown, countPhases, filterHosts, pageOf } from '../host-list.ts';
import { useApp, useLive, useMay, useNow } from '../parts/app.ts';
import { Await, Badge, Bar, Field, Link } from '../parts/pieces.tsx';
import type { Search } from '../route.ts';
import { addressOf, hostPath } from '../route.ts';
import { agoWords, countWords, lengthWords } from '../words.ts';
import { ArmDialog, DisarmDialog } from './arming.tsx';
import { Strangers } from './strangers.tsx';

const HOSTS_MS = 2500;
/** More rows at once make a page slow, and nobody reads them. */
const PAGE_ROWS = 200;

export function Hosts({ search }: { readonly search: Search }) {
  const hosts = useLive<Page<Host>>('/api/v1/hosts', HOSTS_MS);
  return (
    <>
      <h1>Hosts</h1>
      <Await for={hosts}>{({ items }) => <HostList hosts={items} search={search} />}</Await>
      <Strangers hosts={hosts.value?.items ?? []} />
    </>
  );
}

function HostList({ hosts, search }: { readonly hosts: readonly Host[]; readonly search: Search }) {
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const found = filterHosts(hosts, { text: search['q'] ?? '', phase: search['phase'] ?? '' });
  const paged = pageOf(found, search['page'] ?? '', PAGE_ROWS);
  const mayAct = useMay('operator');
  return (
    <>
      <Filter hosts={hosts} search={search} />
      {mayAct ? (
        <Bulk hosts={hosts.filter(({ name }) => chosen.has(name))} onDone={() => setChosen(new Set())}>
          {paged.pages > 1 ? (
            <button onClick={() => setChosen(new Set(found.map(({ name }) => name)))}>
              Choose all {found.length} found
            </button>
          ) : undefined}
        </Bulk>
      ) : undefined}
      <HostTable hosts={paged.shown} chosen={chosen} onChoose={mayAct ? setChosen : undefined} />
      <p class="muted">
        {paged.shown.length} of {countWords(hosts.length, 'host')} shown.
      </p>
      {paged.pages > 1 ? <Pages paged={paged} of={found.length} search={search} /> : undefined}
    </>
  );
}

type PagesProps = { readonly paged: Paged<Host>; readonly of: number; readonly search: Search };

/** The way to the other pages of a long list. What was chosen on this one stays chosen. */
function Pages({ paged: { page, pages, first, last }, of, search }: PagesProps) {
  const to = (wanted: number): string => addressOf('/hosts', { ...search, page: wanted === 1 ? '' : String(wanted) });
  return (
    <nav class="tabs" aria-label="Pages of hosts">
      {page > 1 ? <Link to={to(page - 1)}>Previous</Link> : undefined}
      <span>
        {first} to {last} of {of}
      </span>
      {page < pages ? <Link to={to(page + 1)}>Next</Link> : undefined}
    </nav>
  );
}

function Filter({ hosts, search }: { readonly hosts: readonly Host[]; readonly search: Search }) {
  const { navigation } = useApp();
  const counts = countPhases(hosts);
  const filter = (change: Search): void =>
    navigation.go(addressOf('/hosts', { ...search, page: '', ...change }), 'replace');
  return (
    <div class="filter" role="search">
      <Field label="Filter">
        <input
          type="search"
          value={search['q'] ?? ''}
          placeholder="name, address, MAC, profile …"
          onInput={({ currentTarget }) => filter({ q: currentTarget.value })}
        />
      </Field>
      <Field label="State">
        <select value={search['phase'] ?? ''} onChange={({ currentTarget }) => filter({ phase: currentTarget.value })}>
          <option value="">all ({hosts.length})</option>
          {PHASES.map((phase) => (
            <option key={phase} value={phase}>
              {phase} ({counts.get(phase) ?? 0})
            </option>
          ))}
        </select>
      </Field>
    </div>
  );
}

type BulkProps = {
  readonly hosts: readonly Host[];
  readonly onDone: () => void;
  readonly children: ComponentChildren;
};

function Bulk({ hosts, onDone, children }: BulkProps) {
  const [asks, setAsks] = useState<'arm' | 'disarm'>();
  // What is asked about stays what it was when it was asked.
  const [asked, setAsked] = useState<readonly Host[]>([]);
  const ask = (what: 'arm' | 'disarm'): void => {
    setAsked(hosts);
    setAsks(what);
  };
  const close = (): void => setAsks(undefined);
  return (
    <div class="bulk" role="group" aria-label="Chosen hosts">
      <span>{hosts.length === 0 ? 'No host chosen' : `${countWords(hosts.length, 'host')} chosen`}</span>
      {children}
      <button class="danger" disabled={hosts.length === 0} onClick={() => ask('arm')}>
        Arm …
      </button>
      <button disabled={hosts.length === 0} onClick={() => ask('disarm')}>
        Disarm …
      </button>
      {asks === 'arm' ? <ArmDialog hosts={asked} onClose={close} onDone={onDone} /> : undefined}
      {asks === 'disarm' ? <DisarmDialog hosts={asked} onClose={close} onDone={onDone} /> : undefined}
    </div>
  );
}

type TableProps = {
  readonly hosts: readonly Host[];
  readonly chosen: ReadonlySet<string>;
  readonly onChoose: ((chosen: ReadonlySet<string>) => void) | undefined;
};

function HostTable({ hosts, chosen, onChoose }: TableProps) {
  const now = useNow();
  const names = hosts.map(({ name }) => name);
  const areAll = names.every((name) => chosen.has(name));
  if (hosts.length === 0) return <p class="muted">No host is like that.</p>;
  return (
    <div class="scroll" tabIndex={0} role="group" aria-label="Hosts">
      <table class="hosts">
        <thead>
          <tr>
            {onChoose === undefined ? undefined : (
              <th scope="col">
                <input
                  type="checkbox"
                  aria-label="All that are shown"
                  checked={areAll}
                  onChange={() => onChoose(chooseShown(chosen, names))}
                />
              </th>
            )}
            <th scope="col">Host</th>
            <th scope="col">State</th>
            <th scope="col">Progress</th>
            <th scope="col" class="wide">
              Left
            </th>
            <th scope="col" class="wide">
              Address
            </th>
            <th scope="col" class="wide">
              Profile
            </th>
            <th scope="col" class="wide">
              Changed
            </th>
          </tr>
        </thead>
        <tbody>
          {hosts.map((host) => (
            <HostRow
              key={host.name}
              host={host}
              now={now}
              isChosen={chosen.has(host.name)}
              onChoose={chooser(host.name, chosen, onChoose)}
            />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function chooser(name: string, chosen: ReadonlySet<string>, onChoose: TableProps['onChoose']) {
  if (onChoose === undefined) return undefined;
  return (): void =>
    onChoose(chosen.has(name) ? new Set([...chosen].filter((one) => one !== name)) : new Set([...chosen, name]));
}

type RowProps = {
  readonly host: Host;
  readonly now: number;
  readonly isChosen: boolean;
  readonly onChoose: (() => void) | undefined;
};

function HostRow({ host, now, isChosen, onChoose }: RowProps) {
  const { name, phase, reason, progress, address, profile, changedAt } = host;
  return (
    <tr class={isChosen ? 'chosen' : undefined}>
      {onChoose === undefined ? undefined : (
        <td>
          <input type="checkbox" aria-label={`Choose ${name}`} checked={isChosen} onChange={onChoose} />
        </td>
      )}
      <th scope="row">
        <Link to={hostPath(name)}>{name}</Link>
        <span class="narrow muted">{address}</span>
      </th>
      <td>
        <Badge state={phase} />
      </td>
      <td>
        {progress === undefined ? (
          <span class="muted">{reason}</span>
        ) : (
          <>
            <Bar percent={progress.percent} label={`Install of ${name}`} /> {progress.percent}% {progress.phase}
            {progress.silent === undefined ? undefined : <strong class="bad"> {progress.silent}</strong>}
          </>
        )}
      </td>
      <td class="wide">{progress?.etaMs === undefined ? '' : lengthWords(progress.etaMs)}</td>
      <td class="wide">{address}</td>
      <td class="wide">{profile}</td>
      <td class="wide">{agoWords(changedAt, now)}</td>
    </tr>
  );
}
