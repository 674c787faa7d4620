// The page of one host: the boot doctor's verdict first, then what it rests on, then the host's history. Every value is escaped.

import { badge, document, escapeHtml, link, section, table, when } from './html.ts';

/** What the boot doctor says, as a page shows it. */
export type ShownVerdict = {
  readonly health: 'fine' | 'waiting' | 'wrong';
  readonly summary: string;
  readonly remedy: string | undefined;
  readonly certainty: 'seen' | 'likely';
};

/** What the page shows. Times are milliseconds since 1970; transcript and history are newest last. */
export type HostPageModel = {
  readonly site: string;
  readonly name: string;
  readonly profile: string;
  readonly address: string;
  readonly macs: readonly string[];
  readonly phase: string;
  readonly reason: string;
  readonly verdict: ShownVerdict;
  readonly transcript: readonly {
    readonly at: number;
    readonly boot: number;
    readonly what: string;
    readonly detail: string;
  }[];
  readonly history: readonly { readonly at: number; readonly what: string; readonly detail: string }[];
};

/** The page. */
export function renderHostPage(model: HostPageModel): string {
  const newest = model.transcript.at(-1)?.boot ?? 0;
  const stages = model.transcript.filter(({ boot }) => boot === newest);
  const earlier = model.transcript.filter(({ boot }) => boot !== newest);
  const parts = [
    section('Last boot', verdict(model.verdict)),
    section('Its stages', transcript(stages)),
    earlier.length === 0 ? '' : section('Boots before it', transcript(earlier)),
    section('State', state(model)),
    section('History', table(['When', 'What', 'Detail'], model.history.map(row))),
  ];
  return document({ title: `${model.name} · ${model.site}`, header: model.name, main: parts.join('\n') });
}

function verdict({ health, summary, remedy, certainty }: ShownVerdict): string {
  const sure = health === 'wrong' && certainty === 'likely' ? ' (inferred)' : '';
  const todo = remedy === undefined ? '' : `<p><strong>What to do:</strong> ${escapeHtml(remedy)}</p>`;
  return `<p>${badge(health)} ${escapeHtml(summary)}${sure}</p>${todo}`;
}

function transcript(lines: HostPageModel['transcript']): string {
  return table(['When', 'What', 'Detail'], lines.map(row));
}

function row(line: { readonly at: number; readonly what: string; readonly detail: string }): readonly string[] {
  return [when(line.at, 'second'), escapeHtml(line.what), escapeHtml(line.detail)];
}

function state(model: HostPageModel): string {
  const bundle = link({ path: '/bundles/', name: model.name, end: '.tar.gz' }, 'configuration bundle');
  const facts = [model.profile, model.address, model.macs.join(' ')].map(escapeHtml);
  return table(
    ['State', 'Why', 'Profile', 'Address', 'MAC', ''],
    [[badge(model.phase), escapeHtml(model.reason), ...facts, bundle]],
  );
}
