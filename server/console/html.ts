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
