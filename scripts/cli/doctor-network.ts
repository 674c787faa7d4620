// The doctor's look at the network: can the ports be had, and does a TFTP client that is not ours get a loader? DHCP is in doctor-dhcp.ts.

import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { openBootDesk, openBootNamespace } from '../../server/assembly/boot.ts';
import { runningAppliance } from '../../server/assembly/appliance.ts';
import type { House } from '../../server/assembly/house.ts';
import { tftpOpen } from '../../server/assembly/tftp.ts';
import { openTranscript } from '../../server/assembly/transcript.ts';
import { startHttpListener } from '../../server/http/listener.ts';
import { quietLog } from '../../server/log.ts';
import { isNo, messageOf } from '../../server/malformed.ts';
import { startSyslogListener } from '../../server/syslog/listener.ts';
import { startTftpListener } from '../../server/tftp/listener.ts';
import type { Context } from './context.ts';
import type { Check } from './doctor-check.ts';
import { fine, problem } from './doctor-check.ts';
import { dhcpChecks } from './doctor-dhcp.ts';

const CLIENT = new URL('tftp2-get.ts', import.meta.url).pathname;
const CLIENT_TIMEOUT_MS = 10_000;

/** Ports, then the fetch of pxelinux.0 over TFTP by tftp2's client, from the appliance that runs or from one made for it. */
export async function networkChecks(context: Context, house: House): Promise<readonly Check[]> {
  const running = await runningAppliance(context.settings.dataDirectory);
  const open = tftpOpen(openBootNamespace(house, openBootDesk(house), openTranscript(house)));
  if (running !== undefined) {
    return [
      fine('ports', `an appliance runs: HTTP ${running.httpPort}, TFTP ${running.tftpPort}, DHCP ${running.dhcp}`),
      await selfCheck(open, running.tftpPort),
    ];
  }
  const ports = [await httpPort(context), await tftpPort(context), ...(await syslogPort(context))];
  return [...ports, await ownSelfCheck(open), ...(await dhcpChecks(house))];
}

async function httpPort({ settings }: Context): Promise<Check> {
  const port = settings.httpPort ?? 80;
  const start = startHttpListener({
    address: settings.listen,
    port,
    isInstallerPath: () => false,
    handle: () => {},
    log: quietLog,
  });
  return portCheck('HTTP port', port, start);
}

async function tftpPort({ settings }: Context): Promise<Check> {
  const port = settings.tftpPort ?? 69;
  const start = startTftpListener({
    address: settings.listen,
    port,
    open: async () => ({ kind: 'no', reason: 'a check' }),
    onEvent: () => {},
    log: quietLog,
  });
  return portCheck('TFTP port', port, start);
}

/** Only where it is wanted. */
async function syslogPort({ settings: { listen, syslogPort: port } }: Context): Promise<readonly Check[]> {
  if (port === undefined) return [];
  const unheard = { hostAt: () => undefined, take: () => {}, log: quietLog };
  return [await portCheck('syslog port', port, startSyslogListener({ address: listen, port, ...unheard }))];
}

async function portCheck(what: string, port: number, start: Promise<{ close(): Promise<void> }>): Promise<Check> {
  try {
    await (await start).close();
    return fine(what, `${port} can be had`);
  } catch (error) {
    const remedy =
      port < 1024
        ? 'run as root or with CAP_NET_BIND_SERVICE; stop the program that has the port; or choose another'
        : 'stop the program that has it, or choose another';
    return problem(what, messageOf(error), remedy);
  }
}

async function ownSelfCheck(open: ReturnType<typeof tftpOpen>): Promise<Check> {
  const listener = await startTftpListener({ address: '127.0.0.1', port: 0, open, onEvent: () => {}, log: quietLog });
  try {
    return await selfCheck(open, listener.port);
  } finally {
    await listener.close();
  }
}

/** The same file by our own reading and by tftp2's client: equal bytes, or a problem. */
async function selfCheck(open: ReturnType<typeof tftpOpen>, port: number): Promise<Check> {
  const what = 'TFTP self-check';
  const file = await open('pxelinux.0', { address: '127.0.0.1', port: 0 });
  if (isNo(file)) return problem(what, `there is no pxelinux.0 to fetch: ${file.reason}`, file.remedy);
  const wanted = createHash('sha256')
    .update(await file.read(0, file.sizeBytes))
    .digest('hex');
  await file.close();
  try {
    const args = [CLIENT, '127.0.0.1', String(port), 'pxelinux.0'];
    const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: CLIENT_TIMEOUT_MS });
    if (stdout.includes(wanted))
      return fine(what, `pxelinux.0 fetched by tftp2's client from port ${port}, byte for byte`);
    return problem(what, 'pxelinux.0 arrived with other bytes', 'please report it');
  } catch {
    return problem(
      what,
      `tftp2's client got no pxelinux.0 from 127.0.0.1 port ${port}`,
      'let UDP through on the loopback interface',
    );
  }
}
