// kickstand serve: runs the appliance until SIGTERM, after telling what it serves and what it lacks.

import type { Appliance } from '../../server/assembly/appliance.ts';
import { lacks } from '../../server/assembly/views.ts';
import { openSupervisor, supervisorEnvironment } from '../../server/assembly/supervisor.ts';
import { createLog } from '../../server/log.ts';
import type { Running } from '../../server/main.ts';
import { serve } from '../../server/main.ts';
import { dataPaths } from '../../server/assembly/house.ts';
import { OPERATOR_SECRET } from '../../server/secret.ts';
import { readContext } from './context.ts';
import { setupLink } from './operator.ts';
import type { ExitCode } from './output.ts';

/** Runs until SIGTERM or SIGINT; a second one does not wait for transfers. */
export async function serveCommand(
  _args: readonly unknown[],
  flags: Readonly<Record<string, unknown>>,
): Promise<ExitCode> {
  const { settings, output } = readContext(flags);
  const log = createLog(settings.logLevel);
  const stopped = signalled();
  const running = await serve(settings, log);
  const missing = await lacks(running.appliance.house);
  if (output.json)
    output.write(`${JSON.stringify({ ...portsOf(running), origin: running.appliance.house.origin(), missing })}\n`);
  else output.write(await report(running, missing));
  const { house } = running.appliance;
  const supervisor = openSupervisor({ environment: supervisorEnvironment(), pid: process.pid, log });
  await supervisor.ready(`serves the site ${house.site().name} at ${house.origin()}/`);
  await stopped;
  log.info('stopping: transfers may finish, a second signal ends them', {});
  await Promise.all([supervisor.stopping('lets transfers finish'), running.close()]);
  supervisor.close();
  return 0;
}

function portsOf({ httpPort, httpsPort, tftpPort, syslogPort, appliance }: Running) {
  return { httpPort, httpsPort, tftpPort, syslogPort, dhcp: appliance.house.settings.dhcp };
}

async function report(running: Running, missing: Awaited<ReturnType<typeof lacks>>): Promise<string> {
  const { house } = running.appliance;
  const lines = [
    `Kickstand serves the site ${house.site().name} (${house.settings.siteFile})`,
    `  page and content  ${house.origin()}/`,
    `  TFTP              port ${running.tftpPort}${running.tftpPort === 69 ? '' : ' (machines ask on 69; see below)'}`,
    `  DHCP              ${dhcpLine(running)}`,
    ...(running.httpsPort === undefined
      ? []
      : [
          `  operators         ${running.appliance.secureOrigin() ?? ''}/`,
          `                    its certificate: SHA-256 ${running.fingerprint ?? ''}`,
        ]),
    ...(running.syslogPort === undefined ? [] : [`  installers' logs  port ${running.syslogPort}, UDP and TCP`]),
    ...setupLine(running),
    `  operator token    kept in ${dataPaths(house.settings.dataDirectory).secrets}/${OPERATOR_SECRET}`,
    ...portAdvice(running),
    ...missing.map(
      (lack) =>
        `  missing: ${lack.what}: ${lack.reason}${lack.remedy === undefined ? '' : `\n           what to do: ${lack.remedy}`}`,
    ),
  ];
  return `${lines.join('\n')}\n`;
}

/** Of the first account; as long as there is none, each start prints a new one. */
function setupLine({ appliance }: Running): readonly string[] {
  const { desk } = appliance.accounts;
  if (!desk.isEmpty()) return [];
  return [
    `  set up            ${setupLink(appliance.secureOrigin() ?? appliance.house.origin(), desk.invite())} (once, for a day)`,
  ];
}

/** Machines ask TFTP on port 69 alone: DHCP has no way to name another. */
function dhcpLine({ dhcp, tftpPort }: Running): string {
  if (dhcp.what === 'off')
    return 'off: let the network name this appliance as TFTP server, with the file pxelinux.0 (UEFI: bootx64.efi)';
  return tftpPort === 69 ? dhcp.what : `${dhcp.what}; but TFTP is not on port 69, where machines ask it`;
}

/** How to get the real ports where this process has not got them. */
function portAdvice({ httpPort, tftpPort, appliance }: Running & { appliance: Appliance }): readonly string[] {
  const { settings } = appliance.house;
  const fellBack =
    (settings.httpPort === undefined && httpPort !== 80) || (settings.tftpPort === undefined && tftpPort !== 69);
  if (!fellBack) return [];
  return [
    '  ports             80 and 69 need rights this process lacks. Run as root, or give them to Node once:',
    `                    sudo setcap cap_net_bind_service=+ep ${process.execPath}`,
    '                    or as a systemd unit with AmbientCapabilities=CAP_NET_BIND_SERVICE',
  ];
}

async function signalled(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const stop = (): void => {
    resolve();
    process.once('SIGTERM', () => process.exit(1)).once('SIGINT', () => process.exit(1));
  };
  process.once('SIGTERM', stop).once('SIGINT', stop);
  await promise;
}
