// DHCP over the open house: what each machine that asks for network boot is given, and the ports that answer it.

import { chooseFirst } from '../boot/choose.ts';
import type { DhcpCounts, DhcpListener, DhcpSetup } from '../dhcp/listener.ts';
import { startDhcpListener } from '../dhcp/listener.ts';
import { openLeaseStore } from '../dhcp/store.ts';
import type { AnswerBoot, Lease } from '../dhcp/types.ts';
import { describeFirmware } from '../hosts/sighting.ts';
import type { No } from '../malformed.ts';
import { isNo, messageOf } from '../malformed.ts';
import type { BootDesk } from './boot.ts';
import type { House } from './house.ts';
import { dataPaths } from './house.ts';
import { interfaceToServe } from './interfaces.ts';
import { loaderStock } from './loaders.ts';
import { systemCode } from './ports.ts';
import { recently } from './recently.ts';
import type { Transcript } from './transcript.ts';

/** What DHCP rests on. */
export type DhcpParts = { readonly house: House; readonly desk: BootDesk; readonly transcript: Transcript };

export type RunningDhcp = {
  /** For the start-up report. */
  readonly what: string;
  /** What came, what became of it, and the leases there are; undefined where DHCP is off. */
  readonly read: () => DhcpReading | undefined;
  close(): Promise<void>;
};

export type DhcpReading = {
  readonly types: ReadonlyMap<string, number>;
  readonly counts: DhcpCounts;
  /** Undefined for a proxy, which gives none. */
  readonly leases: Iterable<Lease> | undefined;
};

const NO_DHCP: RunningDhcp = { what: 'off', read: () => undefined, close: async () => {} };

/** Starts DHCP in the mode the settings name. Rejects with reason and remedy where it cannot be answered, or must not. */
export async function startDhcp(parts: DhcpParts): Promise<RunningDhcp> {
  const { settings, log } = parts.house;
  const mode = settings.dhcp;
  if (mode === 'off') return NO_DHCP;
  const served = interfaceToServe(parts.house);
  if (isNo(served)) throw refused(served);
  await using opened = new AsyncDisposableStack();
  const service = await openService(parts.house, mode);
  opened.defer(() => service.close());
  const listener = await startDhcpListener({
    service: service.service,
    interface: served.interface,
    bootServer: served.bootServer,
    site: parts.house.site,
    answerBoot: answerBoot(parts, mode),
    note: parts.transcript.note,
    onRogue: parts.transcript.rogues.add,
    onElsewhere: ({ mac, boot: { uuid, firmware }, address }) =>
      parts.transcript.machines.learn(address, { mac, uuid, firmware }),
    log,
  }).catch((error: unknown) => {
    throw explained(error);
  });
  if (isNo(listener)) throw refused(listener);
  opened.defer(() => listener.close());
  const running = opened.move();
  return {
    what: describe(mode, listener, served.name),
    read: () => ({ types: listener.types(), counts: listener.counts(), leases: leasesOf(service) }),
    close: () => running.disposeAsync(),
  };
}

function leasesOf({ service }: Service): Iterable<Lease> | undefined {
  return service.kind === 'server' ? service.leases.book.all() : undefined;
}

type Service = { readonly service: DhcpSetup['service']; close(): Promise<void> };

/** A server keeps leases; a proxy gives none. */
async function openService({ settings, log }: House, mode: 'proxy' | 'server'): Promise<Service> {
  if (mode === 'proxy') return { service: { kind: 'proxy' }, close: async () => {} };
  const leases = await openLeaseStore(dataPaths(settings.dataDirectory).leases, log);
  const whenOthersAnswer = settings.dhcpForce ? 'serve' : 'refuse';
  return { service: { kind: 'server', leases, whenOthersAnswer }, close: () => Promise.resolve(leases.close()) };
}

/** Who asks is decided by the one decider; who is to install is given the loader that its firmware can start. */
function answerBoot({ house, desk, transcript }: DhcpParts, mode: 'proxy' | 'server'): AnswerBoot {
  const loaders = recently(house.now, () => loaderStock(house));
  return async ({ request, boot, address }) => {
    const { mac } = request;
    const { uuid, firmware } = boot;
    if (address !== undefined) transcript.machines.learn(address, { mac, uuid, firmware });
    const client = { mac, uuid, address };
    const decision = await desk.decide(client);
    if (decision.kind === 'local') {
      const { vendorClass, userClass, hostname } = request;
      desk.localBoot(client, decision, { firmware: describeFirmware(firmware), vendorClass, userClass, hostname });
    }
    const stock = await loaders();
    return chooseFirst({ mac, firmware, decision, stock, mode, origin: house.origin() });
  };
}

function describe(mode: 'proxy' | 'server', listener: DhcpListener, name: string): string {
  const does = mode === 'proxy' ? "network boot beside the network's own server" : 'addresses and network boot';
  return `${mode} on ${name}: ${does}, port ${listener.ports.server}`;
}

/** What to do is the cause: who has one is told to the operator as it is, without a stack. */
function refused({ reason, remedy }: No): Error {
  return new Error(`DHCP: ${reason}`, { cause: remedy ?? 'kickstand doctor --dhcp tells more' });
}

function explained(error: unknown): Error {
  const remedies: Readonly<Record<string, string>> = {
    EACCES: `ports 67 and 4011 need root, or once: sudo setcap cap_net_bind_service=+ep ${process.execPath}; or start with --dhcp off`,
    EADDRINUSE: 'another program on this machine answers DHCP; stop it, or start with --dhcp off',
  };
  const remedy = remedies[systemCode(error) ?? ''];
  return new Error(`DHCP: ${remedy ?? messageOf(error)}`, { cause: error });
}
