// Opens an upstream, whatever it is (a web server, a list of mirrors, a directory), behind one interface.

import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import { listInside, openInside } from './local/fetcher.ts';
import { openMirrors } from './mirrors-open.ts';
import type { FetchRequest, Opened, PageRequest, Upstream, UpstreamTarget } from './upstream.ts';
import { openLine, type WebLimits } from './web/fetcher.ts';
import { directoryOf, fileIn } from './web/request.ts';
import { parseTarget } from './web/target.ts';

export type FetchLimits = WebLimits & { readonly retryDelaysMs: readonly number[] };
/** dnf gives up below 1000 B/s and after 30 s of silence (dnf.conf(5): minrate, timeout). */
export const FETCH_LIMITS: FetchLimits = {
  connectMs: 10_000,
  headersMs: 30_000,
  stallMs: 30_000,
  slow: { bytesPerSecond: 1000, forMs: 30_000 },
  retryDelaysMs: [500, 2000, 5000, 15_000],
};
const FILES_AT_ONCE = 4;

/**
 * An upstream of a site; a text is one without proxy, authorities, login and limit. Throws `Malformed` for a target that
 * cannot be one; what the upstream does is told by `open` alone.
 */
export function openUpstream(target: string | UpstreamTarget, limits: FetchLimits = FETCH_LIMITS): Upstream {
  const whole = typeof target === 'string' ? { upstream: target } : target;
  const common = { retryDelaysMs: limits.retryDelaysMs, random: Math.random, pause };
  if (whole.upstream.startsWith('/')) return { ...common, ...openDirectory(whole.upstream) };
  return { ...common, ...openWeb(whole, limits) };
}

type Own = Pick<Upstream, 'open' | 'connections' | 'sources' | 'close' | 'index'>;

function openDirectory(root: string): Own {
  return {
    connections: FILES_AT_ONCE,
    sources: () => 1,
    close: async () => undefined,
    open: (request) => openInside(root, request),
    index: { kind: 'directory', list: (directory, signal) => listInside(root, directory, signal) },
  };
}

function openWeb(given: UpstreamTarget, limits: FetchLimits): Own {
  const target = parseTarget(given);
  const line = openLine(target, limits);
  const { connections } = target;
  const { kind = 'base' } = given;
  const home = directoryOf(target.url);
  if (kind === 'base') {
    const open = (request: FetchRequest | PageRequest): Promise<Opened> =>
      line.open({ url: fileIn(home, request.path), home }, request);
    return { connections, sources: () => 1, close: () => line.close(), open, index: { kind: 'pages', open } };
  }
  const mirrors = openMirrors({
    kind,
    openList: (request) => line.open({ url: target.url, home: target.url }, request),
    openAt: (mirror, request) => line.open({ url: fileIn(mirror, request.path), home: mirror }, request),
    judge: (location) => line.judge(listedBy(target.url, kind), { location, redirects: 'anywhere' }),
  });
  return { connections, close: () => line.close(), ...mirrors };
}

/** A metalink proves repomd.xml, so its mirrors may be of http although it is of https; those of a mirrorlist may not. */
function listedBy(list: URL, kind: 'mirrorlist' | 'metalink'): URL {
  const from = new URL(list);
  if (kind === 'metalink') from.protocol = 'http:';
  return from;
}

async function pause(delayMs: number, signal: AbortSignal): Promise<void> {
  if (delayMs > 0) await sleep(delayMs, undefined, { signal });
  else await turn(undefined, { signal });
}
