// The links of an HTML page, in its order: one pass over text that nobody vouches for, entities decoded once. Pure.

/** `base`: what the page says its relative links are relative to. */
export type Link = { readonly kind: 'link' | 'base'; readonly href: string };

/** No file's name is longer, even with each of its bytes escaped. */
const LIMIT_HREF = 8192;
/** No listing has tags as long; what follows is read as text. */
const LIMIT_TAG = 64 * 1024;
const START = /<(?:!--|(a|base|script|style|textarea|title)(?=[\s/>]))/gi;
/** One attribute, its value quoted in any way or not at all (HTML §13.1.2.3). */
const ATTRIBUTE = /[\s/]*([^\s/>=]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>"'][^\s>]*)))?/y;
/** Those that can stand in a name or a path; a text with any other is no name that a server lists. */
const ENTITIES: ReadonlyMap<string, string> = new Map([
  ...([
    ['amp', '&'],
    ['lt', '<'],
    ['gt', '>'],
    ['quot', '"'],
    ['apos', "'"],
    ['sol', '/'],
    ['bsol', '\\'],
    ['period', '.'],
  ] as const),
  ...([
    ['colon', ':'],
    ['percnt', '%'],
    ['quest', '?'],
    ['num', '#'],
    ['plus', '+'],
    ['lowbar', '_'],
    ['Tab', '\t'],
    ['NewLine', '\n'],
  ] as const),
]);

/** Every `<a href>` and `<base href>` outside comments and scripts. Takes time in proportion to the text, whatever it is. */
export function* readLinks(html: string): Generator<Link> {
  const start = new RegExp(START);
  for (let found = start.exec(html); found !== null; found = start.exec(html)) {
    const name = found[1]?.toLowerCase();
    if (name === 'a' || name === 'base') {
      const { href, end } = readTag(html, start.lastIndex);
      start.lastIndex = end;
      if (href !== undefined && href.length <= LIMIT_HREF) {
        yield { kind: name === 'a' ? 'link' : 'base', href: decodeEntities(href).trim() };
      }
      continue;
    }
    const end = name === undefined ? html.indexOf('-->', start.lastIndex) : endOf(name, html, start.lastIndex);
    // What is not ended reaches to the end of the page.
    if (end === -1) return;
    start.lastIndex = end;
  }
}

/** The first `href` among the attributes that begin at `at`. */
function readTag(html: string, at: number): { readonly href: string | undefined; readonly end: number } {
  ATTRIBUTE.lastIndex = at;
  let href: string | undefined;
  let end = at;
  // Begun anew at each tag, and never left in the middle: one expression serves all pages.
  for (let found = ATTRIBUTE.exec(html); found !== null; found = ATTRIBUTE.exec(html)) {
    end = ATTRIBUTE.lastIndex;
    if (end - at > LIMIT_TAG) break;
    if (found[1]?.toLowerCase() === 'href') href ??= found[2] ?? found[3] ?? found[4] ?? '';
  }
  return { href, end };
}

function endOf(name: string, html: string, from: number): number {
  const closing = new RegExp(`</${name}(?=[\\s/>])`, 'gi');
  closing.lastIndex = from;
  return closing.exec(html)?.index ?? -1;
}

function decodeEntities(text: string): string {
  return text.replaceAll(/&(#x[0-9a-f]{1,6}|#\d{1,7}|[a-z]{2,8});?/gi, (whole, name: string) => {
    if (!name.startsWith('#')) return ENTITIES.get(name) ?? whole;
    const code = /^#x/i.test(name) ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1));
    return code > 0x10ffff ? '\ufffd' : String.fromCodePoint(code);
  });
}
