// One host: what became of its last boot and what to do, how far its install is, and what it rests on.

import { useState } from 'preact/hooks';
import type { Host, HostDetail, Receipt } from '../api/types.ts';
import { isIdle } from '../host-list.ts';
import { useLive, useMay, useNow } from '../parts/app.ts';
import { Await, Badge, Card, Grid, Lines, Link, Time } from '../parts/pieces.tsx';
import type { Search } from '../route.ts';
import { addressOf, hostPath } from '../route.ts';
import { agoWords, byteWords, inWords, lengthWords } from '../words.ts';
import { ArmDialog, DisarmDialog } from './arming.tsx';
import { InstructionsView } from './instructions.tsx';
import { LogView } from './log.tsx';
import { InstallBar, Remedy } from './overview.tsx';
import { RehearsalView } from './rehearsal.tsx';

const HOST_MS = 2500;
const SLOW_MS = 30_000;

const TABS = [
  ['boot', 'Boot'],
  ['log', 'Installer log'],
  ['instructions', 'Instructions'],
  ['rehearsal', 'Rehearsal'],
  ['receipts', 'Installed from'],
  ['history', 'History'],
] as const;

export function HostPage({ name, search }: { readonly name: string; readonly search: Search }) {
  const seen = useLive<HostDetail>(`/api/v1${hostPath(name)}`, HOST_MS);
  const here = TABS.find(([tab]) => tab === search['show'])?.[0] ?? 'boot';
  return (
    <>
      <p>
        <Link to="/hosts">All hosts</Link>
      </p>
      <h1>{name}</h1>
      <Await for={seen}>
        {(host) => (
          <>
            <State host={host} />
            <nav class="tabs" aria-label={`About ${name}`}>
              {TABS.map(([tab, words]) => (
                <Link
                  key={tab}
                  to={addressOf(hostPath(name), { show: tab === 'boot' ? '' : tab })}
                  current={tab === here}
                >
                  {words}
                </Link>
              ))}
            </nav>
            <Tab tab={here} host={host} />
          </>
        )}
      </Await>
    </>
  );
}

function State({ host }: { readonly host: HostDetail }) {
  const now = useNow();
  const { phase, reason, changedAt, verdict, arming } = host;
  return (
    <Card title="State" aside={<Actions host={host} />}>
      <p>
        <Badge state={phase} /> {reason} <span class="muted">{agoWords(changedAt, now)}</span>
        {arming === undefined || phase !== 'armed' ? undefined : (
          <span class="muted"> (ends {inWords(arming.expiresAt, now)})</span>
        )}
      </p>
      {host.progress === undefined ? undefined : <InstallBar host={host} />}
      <p class={verdict.health === 'wrong' ? 'verdict bad' : 'verdict'}>
        <Badge state={verdict.health} /> {verdict.summary}
        {verdict.health === 'wrong' && verdict.certainty === 'likely' ? ' (inferred)' : ''}
        {verdict.remedy === undefined ? undefined : <Remedy text={verdict.remedy} />}
      </p>
      <dl class="facts">
        <dt>Address</dt>
        <dd>
          {host.address} <span class="muted">({host.network})</span>
        </dd>
        <dt>Profile</dt>
        <dd>{host.profile}</dd>
        <dt>MAC</dt>
        <dd>{host.macs.join(', ')}</dd>
        <dt>Boots of this arming</dt>
        <dd>{host.attempts}</dd>
        {arming === undefined ? undefined : (
          <>
            <dt>Pinned snapshots</dt>
            <dd>{pinWords(arming.pins)}</dd>
          </>
        )}
      </dl>
    </Card>
  );
}

function pinWords(pins: Readonly<Record<string, string>>): string {
  const words = Object.entries(pins).map(([repo, snapshot]) => `${repo}@${snapshot}`);
  return words.length === 0 ? 'none' : words.join(', ');
}

function Actions({ host }: { readonly host: Host }) {
  const [asks, setAsks] = useState<'arm' | 'disarm'>();
  // The host as it was when it was asked about.
  const [asked, setAsked] = useState<readonly Host[]>([]);
  const mayAct = useMay('operator');
  const ask = (what: 'arm' | 'disarm'): void => {
    setAsked([host]);
    setAsks(what);
  };
  const close = (): void => setAsks(undefined);
  return (
    <span class="actions">
      <a href={`/bundles/${encodeURIComponent(host.name)}.tar.gz`} download>
        Configuration bundle
      </a>
      {mayAct && isIdle(host) ? (
        <button class="danger" onClick={() => ask('arm')}>
          Arm …
        </button>
      ) : undefined}
      {mayAct && host.phase !== 'disarmed' ? <button onClick={() => ask('disarm')}>Disarm …</button> : undefined}
      {asks === 'arm' ? <ArmDialog hosts={asked} onClose={close} onDone={close} /> : undefined}
      {asks === 'disarm' ? <DisarmDialog hosts={asked} onClose={close} onDone={close} /> : undefined}
    </span>
  );
}

function Tab({ tab, host }: { readonly tab: (typeof TABS)[number][0]; readonly host: HostDetail }) {
  switch (tab) {
    case 'boot':
      return <Boots host={host} />;
    case 'log':
      return <LogView key={host.name} host={host.name} />;
    case 'instructions':
      return <InstructionsView key={host.name} host={host.name} />;
    case 'rehearsal':
      return <RehearsalView key={host.name} host={host.name} />;
    case 'receipts':
      return <Receipts name={host.name} />;
    case 'history':
      return (
        <Card title="History">
          <Lines label="History" lines={host.history} />
        </Card>
      );
  }
}

function Boots({ host: { transcript } }: { readonly host: HostDetail }) {
  const newest = transcript.at(-1)?.boot ?? 0;
  const earlier = transcript.filter(({ boot }) => boot !== newest);
  return (
    <>
      <Card title="Last boot, stage by stage">
        <Lines label="Last boot" lines={transcript.filter(({ boot }) => boot === newest)} />
      </Card>
      {earlier.length === 0 ? undefined : (
        <Card title="Boots before it">
          <Lines label="Boots before it" lines={earlier} />
        </Card>
      )}
    </>
  );
}

function Receipts({ name }: { readonly name: string }) {
  const seen = useLive<readonly Receipt[]>(`/api/v1${hostPath(name)}/receipts`, SLOW_MS);
  return (
    <Card title="Installed from">
      <Await for={seen}>
        {(receipts) => (
          <Grid
            label="Receipts"
            heads={['Installed', 'Took', 'What', 'Snapshots', 'Packages', 'Instructions', 'Boots', 'Kickstand']}
            rows={receipts.map((one) => [
              <Time at={one.installedAt} />,
              lengthWords(one.installedAt - one.startedAt),
              `${one.os} from ${one.tree}, profile ${one.profile}`,
              pinWords(one.snapshots),
              `${one.packages.count}, ${byteWords(one.packages.bytes)}`,
              `${one.instructions.what} sha256 ${one.instructions.sha256.slice(0, 12)}…`,
              one.attempts,
              one.version,
            ])}
            empty="No install of it was seen to its end."
          />
        )}
      </Await>
    </Card>
  );
}
