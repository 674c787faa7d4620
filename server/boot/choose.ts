// Which first program a machine is given once it was decided that it installs: by its firmware, the site's wish and what is there. Pure.

import type { MacAddress } from '../address.ts';
import type { BootAnswer, BootDecision, BootOptions, Firmware, Install } from '../domain.ts';
import type { No } from '../malformed.ts';
import { isNo } from '../malformed.ts';

/** What the choice needs to know of the loaders that are there: each answers a reason where one is not. */
export type LoaderStock = {
  /** Of the pxelinux set, or an iPXE: `pxelinux.0`, `mboot.c32`, `undionly.kpxe`, `snponly.efi`. */
  readonly has: (file: string) => No | undefined;
  /** The first program of a tree's UEFI chain for an architecture, else of this system's: shim, or GRUB where there is none. */
  readonly firstOfChain: (tree: string, arch: Firmware['arch']) => string | No;
};

export type ChoiceFacts = {
  readonly mac: MacAddress;
  readonly firmware: Firmware;
  readonly decision: BootDecision;
  readonly stock: LoaderStock;
  readonly mode: 'proxy' | 'server';
  /** `http://192.168.168.26`; no slash at the end. */
  readonly origin: string;
};

/** A name that is nowhere in the boot namespace: a loader that is not found sends firmware to its next boot entry at once. */
export const OWN_DISK = 'boot-your-own-disk';

/** The file a machine is told to fetch first. Who is to install nothing is given none, or one that is not there. */
export function chooseFirst(facts: ChoiceFacts): BootAnswer {
  const answer = installerFor(facts);
  return answer.kind === 'none' ? toOwnDisk(facts, answer.reason) : answer;
}

function installerFor(facts: ChoiceFacts): BootAnswer {
  const { decision, firmware } = facts;
  if (decision.kind === 'local') return none(decision.reason);
  const { install } = decision;
  const misfit = archMisfit(firmware, install);
  if (misfit !== undefined) return none(misfit);
  return firmware.platform === 'bios' ? forBios(facts, install) : forUefi(facts, install);
}

/**
 * Firmware that is leased an address and no boot file asks again for a minute before it goes on to its next entry (EDK2: 4 + 8 +
 * 16 + 32 s); one that is told a file which is not there goes on at once. So hosts of the site are told one. Strangers, and
 * machines beside another DHCP server, which may have a boot file for them, are told nothing; iPXE goes on at once anyway.
 */
function toOwnDisk({ decision, firmware, mode }: ChoiceFacts, reason: string): BootAnswer {
  const isHost = decision.kind === 'install' || decision.host !== undefined;
  const isTold = isHost && mode === 'server' && firmware.transport === 'tftp' && !firmware.isIpxe;
  return isTold ? { kind: 'own-disk', file: OWN_DISK, reason } : none(reason);
}

/** BIOS firmware of a 64-bit machine calls itself x86: only UEFI firmware is of one architecture with what it starts. */
function archMisfit({ platform, arch }: Firmware, { tree, os }: Install): string | undefined {
  const fits = platform === 'bios' ? os.arch !== 'aarch64' && arch !== 'other' : arch === os.arch;
  if (fits) return undefined;
  const machine =
    arch === 'other' ? 'of an architecture that no tree is made for' : `${arch} ${platform.toUpperCase()}`;
  return `the machine is ${machine}, and its tree ${tree.name} is ${os.arch}`;
}

function forBios(facts: ChoiceFacts, install: Install): BootAnswer {
  const { firmware, stock } = facts;
  const { bios } = install.boot;
  // Firmware that boots over HTTP fetches a whole file and has no TFTP for pxelinux.
  if (firmware.transport === 'http') return offer(stock.has('ipxe.lkrn'), url(facts, 'ipxe.lkrn'));
  if (firmware.isIpxe && bios !== 'pxelinux') return script(facts);
  const pxelinux = pxelinuxLack(stock, install);
  if (bios !== 'ipxe' && pxelinux === undefined) return boot('pxelinux.0');
  if (bios === 'pxelinux' && pxelinux !== undefined) return none(reasonOf(pxelinux));
  return offer(stock.has('undionly.kpxe'), 'undionly.kpxe');
}

/** pxelinux starts Xen through mboot.c32, which old sets do not carry. */
function pxelinuxLack(stock: LoaderStock, install: Install): No | undefined {
  const mboot = install.tree.facts.boot.kind === 'xen' ? stock.has('mboot.c32') : undefined;
  return stock.has('pxelinux.0') ?? mboot;
}

function forUefi(facts: ChoiceFacts, install: Install): BootAnswer {
  const { firmware, stock } = facts;
  const wish = wishOf(facts, install.boot);
  if (firmware.isIpxe && wish !== 'grub') return script(facts);
  const first = stock.firstOfChain(install.tree.name, firmware.arch);
  if (wish === 'ipxe' || (wish === 'auto' && isNo(first))) {
    const lack = stock.has(ipxeOf(firmware));
    return lack !== undefined && isNo(first) ? none(reasonOf(first)) : offer(lack, at(facts, ipxeOf(firmware)));
  }
  return isNo(first) ? none(reasonOf(first)) : boot(at(facts, first));
}

/**
 * Beside another DHCP server GRUB asks that one for its files, because it reads the address server's answer and not the
 * proxy's (rhboot/grub2 issue 56; Debian's GRUB 2.06 does so): iPXE, which keeps the proxy's, is the safer choice there.
 * Over HTTP boot it is told a whole URL and cannot go astray.
 */
function wishOf({ mode, firmware, stock }: ChoiceFacts, { uefi }: BootOptions): BootOptions['uefi'] {
  if (uefi !== 'auto' || mode === 'server' || firmware.transport === 'http') return uefi;
  return stock.has(ipxeOf(firmware)) === undefined ? 'ipxe' : 'grub';
}

/** snponly uses the firmware's own network driver, and only the card that was booted from. */
function ipxeOf({ arch }: Firmware): string {
  return arch === 'aarch64' ? 'snponly-arm64.efi' : 'snponly.efi';
}

/** A name as the firmware's transport wants it. */
function at(facts: ChoiceFacts, file: string): string {
  return facts.firmware.transport === 'http' ? url(facts, file) : file;
}

function url({ origin }: ChoiceFacts, file: string): string {
  return `${origin}/boot/${file}`;
}

function script(facts: ChoiceFacts): BootAnswer {
  return boot(url(facts, `ipxe/${facts.mac.replaceAll(':', '-')}`));
}

function offer(lack: No | undefined, file: string): BootAnswer {
  return lack === undefined ? boot(file) : none(reasonOf(lack));
}

function boot(file: string): BootAnswer {
  return { kind: 'boot', file };
}

function none(reason: string): BootAnswer {
  return { kind: 'none', reason };
}

function reasonOf({ reason, remedy }: No): string {
  return remedy === undefined ? reason : `${reason}: ${remedy}`;
}
