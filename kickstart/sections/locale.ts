// Language, keyboard, time zone and time servers of a kickstart.

import type { Install } from '../../server/domain.ts';
import { Malformed } from '../../server/malformed.ts';
import type { Dialect } from '../dialect.ts';
import { kickstartValue } from '../quote.ts';

/** The `lang`, `keyboard`, `timezone` and `timesource` lines. The hardware clock runs in UTC. */
export function localeLines(install: Install, dialect: Dialect): readonly string[] {
  const { language, keyboard } = install.site;
  const layout = kickstartValue(keyboard);
  return [
    `lang ${kickstartValue(language)}`,
    dialect.keyboard === 'bare' ? `keyboard ${layout}` : `keyboard --vckeymap=${layout} --xlayouts=${layout}`,
    ...timeLines(install, dialect),
  ];
}

// RHEL 6 takes no time servers here: its ntp.conf is written in %post. Without any, later ones would ask the internet's.
function timeLines({ site }: Install, dialect: Dialect): readonly string[] {
  const zone = kickstartValue(site.timezone);
  switch (dialect.timeServers) {
    case 'none':
      return [`timezone --utc ${zone}`];
    case 'timezone': {
      const servers = site.ntp.length === 0 ? '--nontp' : `--ntpservers=${site.ntp.map(listed).join(',')}`;
      return [`timezone ${zone} --utc ${servers}`];
    }
    case 'timesource': {
      const servers = site.ntp.map((server) => `timesource --ntp-server=${kickstartValue(server)}`);
      return [`timezone ${zone} --utc`, ...(servers.length === 0 ? ['timesource --ntp-disable'] : servers)];
    }
  }
}

// One of a list with commas between.
function listed(server: string): string {
  if (server.includes(',')) throw new Malformed('a time server is one name', JSON.stringify(server.slice(0, 60)));
  return kickstartValue(server);
}
