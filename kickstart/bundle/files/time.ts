// The site's time servers: /etc/ntp.conf up to EL6, /etc/chrony.conf from EL7.

import type { ConfigFile, Install } from '../../../server/domain.ts';
import { networkName } from './names.ts';

/** Undefined where the site names no time server: the stock file is left alone. */
export function timeFile(install: Install): ConfigFile | undefined {
  if (install.site.ntp.length === 0) return undefined;
  const servers = install.site.ntp.map((server) => `server ${networkName(server)} iburst`);
  return install.os.major >= 7 ? chronyConf(servers) : ntpConf(servers);
}

// Serves time to nobody but itself. ntp_acc(5), ntp_misc(5): the clock may jump any distance at the start (ntpd -g).
function ntpConf(servers: readonly string[]): ConfigFile {
  const lines = [
    'driftfile /var/lib/ntp/drift',
    'restrict default kod nomodify notrap nopeer noquery',
    'restrict -6 default kod nomodify notrap nopeer noquery',
    'restrict 127.0.0.1',
    'restrict -6 ::1',
    ...servers,
  ];
  return { path: '/etc/ntp.conf', mode: 0o644, text: `${lines.join('\n')}\n` };
}

function chronyConf(servers: readonly string[]): ConfigFile {
  const lines = [...servers, 'driftfile /var/lib/chrony/drift', 'makestep 1.0 3', 'rtcsync', 'logdir /var/log/chrony'];
  return { path: '/etc/chrony.conf', mode: 0o644, text: `${lines.join('\n')}\n` };
}
