// The first plain page: hosts, repos and trees with their state, as HTML text. Every value is escaped; nothing is asked.

import type { ShownVerdict } from './host-page.ts';
import { badge, document, escapeHtml, link, section, table, when } from './html.ts';
import type { ShownRepo } from './repos.ts';
import { REPO_HEADS, repoCells } from './repos.ts';

/** What the page shows. Times are milliseconds since 1970. */
export type PageModel = {
  readonly site: string;
  /** When it is shown. */
  readonly now: number;
  readonly warnings: readonly string[];
  readonly hosts: readonly {
    readonly name: string;
    readonly profile: string;
    readonly address: string;
    readonly macs: readonly string[];
    readonly phase: string;
    readonly reason: string;
    readonly changedAt: number;
    /** Of hosts that were heard of lately. */
    readonly verdict: ShownVerdict | undefined;
  }[];
  readonly repos: readonly ShownRepo[];
  readonly trees: readonly {
    readonly name: string;
    readonly ready: boolean;
    readonly what: string;
    readonly remedy: string | undefined;
  }[];
  readonly discovered: readonly {
    readonly mac: string;
    readonly firmware: string | undefined;
    readonly vendorClass: string | undefined;
    readonly userClass: string | undefined;
    readonly hostname: string | undefined;
    readonly address: string | undefined;
    readonly lastSeen: number;
  }[];
};

/** The page. */
export function renderPage(model: PageModel): string {
  const main = `${warnings(model.warnings)}
${section('Hosts', table(['Host', 'State', 'Why', 'Since', 'Last boot', 'Profile', 'Address', 'MAC', ''], model.hosts.map(hostRow)))}
${section(
  'Repos',
  table(
    REPO_HEADS,
    model.repos.map((repo) => repoCells(repo, model.now)),
  ),
)}
${section('Trees', table(['Tree', 'State', 'What it is, or what is missing'], model.trees.map(treeRow)))}
${model.discovered.length === 0 ? '' : section('Machines that asked and are in no site', table(['MAC', 'Firmware', 'What it says of itself', 'Address', 'Last seen'], model.discovered.map(discoveredRow)))}`;
  return document({ title: model.site, header: model.site, main });
}

function warnings(texts: readonly string[]): string {
  if (texts.length === 0) return '';
  return `<section class="warnings" aria-label="Needs attention"><h2>Needs attention</h2><ul>${texts.map((text) => `<li>${escapeHtml(text)}</li>`).join('')}</ul></section>`;
}

function hostRow(host: PageModel['hosts'][number]): readonly string[] {
  return [
    link({ path: '/hosts/', name: host.name }, host.name),
    badge(host.phase),
    escapeHtml(host.reason),
    when(host.changedAt),
    host.verdict === undefined ? '' : `${badge(host.verdict.health)} ${escapeHtml(host.verdict.summary)}`,
    ...[host.profile, host.address, host.macs.join(' ')].map(escapeHtml),
    link({ path: '/bundles/', name: host.name, end: '.tar.gz' }, 'bundle'),
  ];
}

function treeRow(tree: PageModel['trees'][number]): readonly string[] {
  const name = tree.ready
    ? `<a href="/trees/${encodeURIComponent(tree.name)}/">${escapeHtml(tree.name)}</a>`
    : escapeHtml(tree.name);
  const what = tree.remedy === undefined ? tree.what : `${tree.what} — ${tree.remedy}`;
  return [name, badge(tree.ready ? 'ready' : 'absent'), escapeHtml(what)];
}

function discoveredRow(seen: PageModel['discovered'][number]): readonly string[] {
  const { mac, firmware, hostname, vendorClass, userClass, address } = seen;
  const claims = [hostname, vendorClass, userClass].filter((text) => text !== undefined).join(', ');
  return [...[mac, firmware ?? '', claims, address ?? ''].map(escapeHtml), when(seen.lastSeen)];
}
