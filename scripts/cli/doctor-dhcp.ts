// The doctor's look at DHCP, as this appliance would answer it: the interface, the ports, and who else answers on that wire.

import { interfaceToServe } from '../../server/assembly/interfaces.ts';
import type { ServedInterface } from '../../server/assembly/interfaces.ts';
import type { House } from '../../server/assembly/house.ts';
import { DEFAULT_DHCP_LIMITS } from '../../server/dhcp/limits.ts';
import { openUdpPort } from '../../server/dhcp/udp/listener.ts';
import { findOtherServers } from '../../server/dhcp/wire/listener.ts';
import { describeServer } from '../../server/dhcp/wire/offers.ts';
import { quietLog } from '../../server/log.ts';
import { isNo, messageOf } from '../../server/malformed.ts';
import type { Check } from './doctor-check.ts';
import { fine, problem } from './doctor-check.ts';

/** Nothing is answered meanwhile; others are asked as any client asks them. Call it only where no appliance runs. */
export async function dhcpChecks(house: House): Promise<readonly Check[]> {
  const mode = house.settings.dhcp;
  if (mode === 'off') {
    return [fine('DHCP', "off: the network's own server names this appliance; to answer it: --dhcp proxy or server")];
  }
  const served = interfaceToServe(house);
  if (isNo(served)) return [problem('DHCP', served.reason, served.remedy)];
  try {
    await tryPorts(served);
    const others = await findOtherServers({
      interface: served.interface,
      timeoutMs: DEFAULT_DHCP_LIMITS.findMs,
      log: quietLog,
    });
    return [fine('DHCP', `${mode} on ${served.name}: ports 67 and 4011 can be had`), othersCheck(mode, others)];
  } catch (error) {
    const remedy =
      'run as root or with CAP_NET_BIND_SERVICE; stop the program that has the port; or start with --dhcp off';
    return [problem('DHCP', messageOf(error), remedy)];
  }
}

async function tryPorts({ interface: { address, broadcast } }: ServedInterface): Promise<void> {
  for (const port of [67, 4011]) {
    const opened = await openUdpPort({ address, broadcast, port, onHeard: () => {}, log: quietLog });
    await opened.close();
  }
}

type Others = Awaited<ReturnType<typeof findOtherServers>>;

/** A server must be alone with its addresses; a proxy needs somebody who gives them. Nobody else should name boot files. */
export function othersCheck(mode: 'proxy' | 'server', others: Others): Check {
  const what = 'other DHCP servers';
  const leasing = others.filter(({ offered }) => offered !== undefined);
  const found = others.map(describeServer).join(', ');
  if (mode === 'server' && leasing.length > 0)
    return problem(what, found, 'serve beside it with --dhcp proxy, or switch it off');
  if (others.some(({ bootFile }) => bootFile !== undefined))
    return problem(what, found, 'take its next-server and file name away: machines may boot what it names');
  if (mode === 'proxy' && leasing.length === 0)
    return problem(
      what,
      'none answers, and a proxy hands out no addresses',
      'is this the right network? switch its DHCP server on, or serve with --dhcp server',
    );
  return fine(what, others.length === 0 ? 'none answers' : found);
}
