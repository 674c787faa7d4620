// The page that holds the operator's console: its script draws everything else. Pure.

import { escapeHtml } from './html.ts';

/** The page. It holds no data but the site's name, which anyone may know. */
export function renderApp(site: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(site)} · Kickstand</title>
<link rel="stylesheet" href="/assets/page.css">
<link rel="icon" href="/assets/icon.svg" type="image/svg+xml">
<script type="module" src="/assets/app.js"></script>
</head>
<body>
<div id="app" data-site="${escapeHtml(site)}"><p>Starting …</p></div>
<noscript><p>This page needs its script. Without one, the command line does all it does: <code>kickstand host list</code>, <code>kickstand --help</code>.</p></noscript>
</body>
</html>
`;
}
