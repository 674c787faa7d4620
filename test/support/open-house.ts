// The open house over a directory of a test's own: no network, no port, nothing logged.

import { join } from 'node:path';
import type { House } from '../../server/assembly/house.ts';
import { openHouse } from '../../server/assembly/house.ts';
import type { Site } from '../../server/domain.ts';
import type { Log } from '../../server/log.ts';
import { quietLog } from '../../server/log.ts';
import { onLoopback } from './loopback.ts';

export type HouseOver = {
  /** Where everything is kept. */
  readonly data: string;
  readonly site: () => Site;
  /** Below `data`. */
  readonly siteFile?: string;
  readonly log?: Log;
};

/** Opens it; the caller closes it. */
export function houseOver({ data, site, siteFile = 'site.yaml', log = quietLog }: HouseOver): Promise<House> {
  return openHouse({
    settings: { ...onLoopback(data), siteFile: join(data, siteFile), dataDirectory: data },
    log,
    site,
    origin: () => 'http://127.0.0.1',
  });
}
