// The address bar: which view is wanted, and how another one is gone to. Edge.

import type { Route } from '../route.ts';
import { parseRoute } from '../route.ts';

export type Navigation = {
  readonly current: () => Route;
  /** `replace` leaves no step to go back to: for filters, letter by letter. */
  readonly go: (address: string, how?: 'push' | 'replace') => void;
  readonly onChange: (changed: () => void) => () => void;
};

/** The navigation of this page. */
export function openNavigation(): Navigation {
  const listeners = new Set<() => void>();
  const changed = (): void => listeners.forEach((listener) => listener());
  window.addEventListener('popstate', changed);
  return {
    current: () => parseRoute(location.pathname, location.search),
    go: (address, how = 'push') => {
      if (address === `${location.pathname}${location.search}`) return;
      if (how === 'push') history.pushState(undefined, '', address);
      else history.replaceState(undefined, '', address);
      if (how === 'push') window.scrollTo(0, 0);
      changed();
    },
    onChange: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
