// The first plain page: hosts, repos and trees with their state, as HTML text. Every value is escaped; nothing is asked.

/** What the page shows. Times are milliseconds since 1970. */
export type PageModel = {
  readonly site: string;
  readonly warnings: readonly string[];
  readonly hosts: readonly {
    readonly name: string;
    readonly profile: string;
    readonly address: string;
    readonly macs: readonly string[];
    readonly phase: string;
    readonly reason: string;
    readonly changedAt: number;
  }[];
  readonly repos: readonly {
    readonly name: string;
    readonly current: string | undefined;
    readonly snapshots: number;
    readonly upstream: string;
  }[];
  readonly trees: readonly {
    readonly name: string;
    readonly ready: boolean;
    readonly what: string;
    readonly remedy: string | undefined;
  }[];
  readonly discovered: readonly {
    readonly mac: string;
    readonly address: string | undefined;
    readonly lastSeen: number;
  }[];
};

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text as HTML text or attribute value. */
export function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}

/** The page. */
export function renderPage(model: PageModel): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(model.site)} · Kickstand</title>
<link rel="stylesheet" href="/assets/page.css">
</head>
<body>
<header><h1>${escapeHtml(model.site)}</h1><p>Kickstand</p></header>
<main>
${warnings(model.warnings)}
${section('Hosts', table(['Host', 'State', 'Why', 'Since', 'Profile', 'Address', 'MAC'], model.hosts.map(hostRow)))}
${section('Repos', table(['Repo', 'Published snapshot', 'Kept', 'Upstream'], model.repos.map(repoRow)))}
${section('Trees', table(['Tree', 'State', 'What it is, or what is missing'], model.trees.map(treeRow)))}
${model.discovered.length === 0 ? '' : section('Machines that asked and are in no site', table(['MAC', 'Address', 'Last seen'], model.discovered.map(discoveredRow)))}
</main>
</body>
</html>
`;
}

function warnings(texts: readonly string[]): string {
  if (texts.length === 0) return '';
  return `<section class="warnings" aria-label="Needs attention"><h2>Needs attention</h2><ul>${texts.map((text) => `<li>${escapeHtml(text)}</li>`).join('')}</ul></section>`;
}

function section(title: string, content: string): string {
  return `<section><h2>${escapeHtml(title)}</h2>${content}</section>`;
}

/** Cells are HTML already. */
function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return '<p>none</p>';
  const head = heads.map((text) => `<th scope="col">${escapeHtml(text)}</th>`).join('');
  const body = rows.map((cells) => `<tr>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`).join('\n');
  return `<table><thead><tr>${head}</tr></thead><tbody>\n${body}\n</tbody></table>`;
}

function hostRow(host: PageModel['hosts'][number]): readonly string[] {
  const name = `<a href="/bundles/${encodeURIComponent(host.name)}.tar.gz" title="its configuration bundle">${escapeHtml(host.name)}</a>`;
  return [
    name,
    badge(host.phase),
    escapeHtml(host.reason),
    when(host.changedAt),
    ...[host.profile, host.address, host.macs.join(' ')].map(escapeHtml),
  ];
}

function repoRow(repo: PageModel['repos'][number]): readonly string[] {
  const name = `<a href="/repos/${encodeURIComponent(repo.name)}/">${escapeHtml(repo.name)}</a>`;
  const current = repo.current === undefined ? badge('never synced') : escapeHtml(repo.current);
  return [name, current, String(repo.snapshots), escapeHtml(repo.upstream)];
}

function treeRow(tree: PageModel['trees'][number]): readonly string[] {
  const name = tree.ready
    ? `<a href="/trees/${encodeURIComponent(tree.name)}/">${escapeHtml(tree.name)}</a>`
    : escapeHtml(tree.name);
  const what = tree.remedy === undefined ? tree.what : `${tree.what} — ${tree.remedy}`;
  return [name, badge(tree.ready ? 'ready' : 'absent'), escapeHtml(what)];
}

function discoveredRow(seen: PageModel['discovered'][number]): readonly string[] {
  return [escapeHtml(seen.mac), escapeHtml(seen.address ?? ''), when(seen.lastSeen)];
}

function badge(state: string): string {
  return `<span class="state ${escapeHtml(state.replaceAll(' ', '-'))}">${escapeHtml(state)}</span>`;
}

function when(at: number): string {
  if (at === 0) return '';
  const iso = new Date(at).toISOString();
  return `<time datetime="${iso}">${iso.slice(0, 16).replace('T', ' ')} UTC</time>`;
}
