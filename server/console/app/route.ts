// Which view an address of the console shows, and back. Pure.

/** What stands in the address beside the view: a filter, an opened row. */
export type Search = Readonly<Record<string, string>>;

export type Route =
  | { readonly view: Section; readonly search: Search }
  | { readonly view: 'host'; readonly host: string; readonly search: Search }
  | { readonly view: 'nowhere'; readonly search: Search };

export const SECTIONS = ['overview', 'hosts', 'network', 'content', 'site', 'activity', 'account'] as const;
export type Section = (typeof SECTIONS)[number];

/** The path of a view. */
export function pathOf(section: Section): string {
  return section === 'overview' ? '/' : `/${section}`;
}

/** The path of a host's page. */
export function hostPath(name: string): string {
  return `/hosts/${encodeURIComponent(name)}`;
}

/** Reads a path and a query (`?q=xs`). What names no view is nowhere: never another view by guess. */
export function parseRoute(path: string, query: string): Route {
  const search = Object.fromEntries(new URLSearchParams(query));
  const section = SECTIONS.find((known) => pathOf(known) === path);
  if (section !== undefined) return { view: section, search };
  const host = /^\/hosts\/([^/]+)$/.exec(path)?.[1];
  const name = host === undefined ? undefined : decoded(host);
  return name === undefined ? { view: 'nowhere', search } : { view: 'host', host: name, search };
}

/** A path with a query of what is not empty. */
export function addressOf(path: string, search: Search): string {
  const query = new URLSearchParams(Object.entries(search).filter(([, value]) => value !== '')).toString();
  return query === '' ? path : `${path}?${query}`;
}

function decoded(part: string): string | undefined {
  try {
    return decodeURIComponent(part);
  } catch (error) {
    if (error instanceof URIError) return undefined;
    throw error;
  }
}
