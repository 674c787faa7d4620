// The settings of an appliance that a test has for itself: no port of anybody else's, nothing logged.

import { join } from 'node:path';
import type { Settings } from '../../server/settings.ts';

/** The settings of an appliance on loopback and ports of its own, over `site.yaml` and `data` in `directory`. */
export function onLoopback(directory: string): Settings {
  return {
    siteFile: join(directory, 'site.yaml'),
    dataDirectory: join(directory, 'data'),
    listen: '127.0.0.1',
    httpPort: 0,
    tftpPort: 0,
    advertise: undefined,
    dhcp: 'off',
    dhcpInterface: undefined,
    dhcpForce: false,
    syslogPort: undefined,
    httpsPort: undefined,
    logLevel: 'silent',
  };
}
