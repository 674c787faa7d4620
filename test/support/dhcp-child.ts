// Runs the DHCP listener in a process of its own, for tests in namespaces; tells as JSON lines what happens.

import { networkInterfaces } from 'node:os';
import type { Firmware } from '../../server/domain.ts';
import { parseIpv4, parseMac } from '../../server/address.ts';
import type { DhcpLimits } from '../../server/dhcp/limits.ts';
import { startDhcpListener } from '../../server/dhcp/listener.ts';
import { openLeaseStore } from '../../server/dhcp/store.ts';
import type { Log } from '../../server/log.ts';
import { isNo, messageOf } from '../../server/malformed.ts';
import { CARD1, CARD2, cs40, FAR, network, siteOf } from '../server/dhcp/lease-cases.ts';

/** What the child is told, as JSON in its only argument. */
export type ChildTask = {
  readonly mode: 'proxy' | 'server';
  /** The lease file; unused by a proxy. */
  readonly leases: string;
  /** `FROM-TO` */
  readonly dynamic: string;
  readonly leaseSeconds?: number;
  readonly whenOthersAnswer?: 'refuse' | 'serve';
  readonly limits?: Partial<DhcpLimits>;
};

const say = (what: string, facts: object = {}): void =>
  void process.stdout.write(`${JSON.stringify({ what, ...facts })}\n`);

async function serve(task: ChildTask): Promise<void> {
  const log: Log = {
    debug: () => {},
    info: (message, fields) => say('log', { message, ...fields }),
    warn: (message, fields) => say('warning', { message, ...fields }),
    error: (message, fields) => say('error', { message, ...fields }),
  };
  const card = networkInterfaces()['eth0']?.find(({ family }) => family === 'IPv4');
  if (card === undefined) throw new Error('eth0 has no address');
  const lab = { ...network('lab', '10.0.0.0/16', task.dynamic), leaseSeconds: task.leaseSeconds ?? 3600 };
  const site = siteOf([lab, FAR], [cs40('10.0.0.10', [CARD1, CARD2])]);
  const leases = await openLeaseStore(task.leases, log);
  const address = parseIpv4(card.address);
  const listener = await startDhcpListener({
    service:
      task.mode === 'proxy'
        ? { kind: 'proxy' }
        : { kind: 'server', leases, whenOthersAnswer: task.whenOthersAnswer ?? 'refuse' },
    interface: { address, mac: parseMac(card.mac), broadcast: parseIpv4('10.0.255.255') },
    bootServer: address,
    site: () => site,
    answerBoot: async ({ boot }) => ({ kind: 'boot', file: fileFor(boot.firmware) }),
    note: (machine, stage) => say('stage', { machine, stage }),
    onRogue: (rogue) => say('rogue', rogue),
    onElsewhere: (machine) => say('elsewhere', machine),
    log,
    limits: { findMs: 1500, ...task.limits },
  });
  if (isNo(listener)) {
    say('refused', listener);
    await leases.close();
    return;
  }
  say('serving', { ...listener.ports, pid: process.pid });
  process.once('SIGTERM', () => {
    say('counts', listener.counts());
    void listener.close().then(() => leases.close());
  });
}

function fileFor(firmware: Firmware): string {
  return firmware.platform === 'bios' ? 'pxelinux.0' : 'grubx64.efi';
}

const [argument = '{}'] = process.argv.slice(2);
serve(JSON.parse(argument) as ChildTask).catch((error: unknown) => {
  say('failed', { reason: messageOf(error) });
  process.exitCode = 1;
});
