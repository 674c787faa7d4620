// The pieces that pages are made of: the one place where text becomes HTML. Pure.

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

/** A whole page. `main` is HTML already; the rest is text. */
export function document(of: { readonly title: string; readonly header: string; readonly main: string }): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(of.title)} · Kickstand</title>
<link rel="stylesheet" href="/assets/page.css">
</head>
<body>
<header><h1>${escapeHtml(of.header)}</h1><p><a href="/">Kickstand</a></p></header>
<main>
${of.main}
</main>
</body>
</html>
`;
}

/** A titled part of a page; `content` is HTML already. */
export function section(title: string, content: string): string {
  return `<section><h2>${escapeHtml(title)}</h2>${content}</section>`;
}

/** A table; `heads` are text, cells are HTML already. */
export function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return '<p>none</p>';
  const head = heads.map((text) => `<th scope="col">${escapeHtml(text)}</th>`).join('');
  const body = rows.map((cells) => `<tr>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`).join('\n');
  return `<table><thead><tr>${head}</tr></thead><tbody>\n${body}\n</tbody></table>`;
}

/** A link to a path of this appliance whose last part, before `end`, is a name. */
export function link(
  to: { readonly path: string; readonly name: string; readonly end?: string },
  text: string,
): string {
  return `<a href="${escapeHtml(`${to.path}${encodeURIComponent(to.name)}${to.end ?? ''}`)}">${escapeHtml(text)}</a>`;
}

/** A state in its colour. */
export function badge(state: string): string {
  return `<span class="state ${escapeHtml(state.replaceAll(' ', '-'))}">${escapeHtml(state)}</span>`;
}

/** A time (ms since 1970) to the minute, or to the second; nothing for 0. */
export function when(at: number, to: 'minute' | 'second' = 'minute'): string {
  if (at === 0) return '';
  const iso = new Date(at).toISOString();
  return `<time datetime="${iso}">${iso.slice(0, to === 'minute' ? 16 : 19).replace('T', ' ')} UTC</time>`;
}
