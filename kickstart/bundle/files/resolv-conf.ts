// /etc/resolv.conf: the site's domain and its name servers.

import type { ConfigFile, Install } from '../../../server/domain.ts';
import { networkName } from './names.ts';

/** resolv.conf(5): a resolver reads the first three name servers and no more. */
const MAX_NAME_SERVERS = 3;

/** Written for the time before NetworkManager (or ifup) writes the same from the card's own settings. */
export function resolvConfFile(install: Install): ConfigFile {
  const servers = install.network.dns.slice(0, MAX_NAME_SERVERS);
  const lines = [`search ${networkName(install.host.domain)}`, ...servers.map((server) => `nameserver ${server}`)];
  return { path: '/etc/resolv.conf', mode: 0o644, text: `${lines.join('\n')}\n` };
}
