// Files that did not arrive, or arrive slowly: what every loader, kernel and initrd has in common. Pure.

import type { Seen } from '../../seen.ts';
import type { FileOutcome, FileRole } from '../../stages.ts';
import type { Boot } from '../boots.ts';
import { filesOf, isBroken, lackingFile } from '../boots.ts';
import type { Spoken, View } from '../rule.ts';
import { likely, seen, silenceMs } from '../rule.ts';
import { sizeText } from '../../size-text.ts';
import { lengthWords, nameWords, timesWords } from '../words.ts';

/** A transfer whose end was never written down is given up after this: the appliance was stopped meanwhile. */
const LOST_MS = 60 * 60_000;
/** What TFTP reaches in a sound network even in steps of 512 bytes: below it the network, or a busy server, is at fault. */
const SLOW_BYTES_PER_SECOND = 1024 * 1024;
const SLOW_MS = 20_000;
/** A UDP datagram of 1468 data bytes fills an Ethernet frame to its last byte: 20 (IPv4) + 8 (UDP) + 4 (TFTP) + 1468 = 1500. */
const WHOLE_FRAME = 1468;

/** The file being sent to it now. */
export function sendingFile({ boot, facts }: View): Seen<'file'> | undefined {
  const last = filesOf(boot, 'loader', 'second-loader', 'module', 'kernel', 'initrd', 'xen').at(-1);
  if (last?.outcome !== 'sending' || boot.ended || facts.now - last.at > LOST_MS) return undefined;
  return last;
}

const ENDS: ReadonlyMap<FileOutcome, string> = new Map([
  ['timed-out', 'the machine fell silent'],
  ['closed', 'the machine hung up'],
]);

/** A file of these roles whose transfer broke, with how far it came and what breaks transfers there. */
export function brokenTransfer({ boot }: View, ...roles: readonly FileRole[]): Spoken | undefined {
  const broken = lackingFile(boot, roles, isBroken);
  if (broken === undefined) return undefined;
  const times = filesOf(boot, ...roles).filter((file) => file.name === broken.name && isBroken(file)).length;
  const far =
    broken.bytes === 0
      ? 'before its first block arrived'
      : `after ${sizeText(broken.bytes)} of ${sizeText(broken.sizeBytes)}`;
  const how = ENDS.get(broken.outcome) ?? broken.reason;
  const summary = `the transfer of ${nameWords(broken.name)} broke off ${timesWords(times)}, ${far}${how === '' ? '' : `: ${how}`}`;
  return seen(summary, brokenRemedy(broken));
}

function brokenRemedy({ via, bytes, granted }: Seen<'file'>): string {
  if (via === 'http')
    return 'look for packet loss and for proxies or firewalls that cut long TCP connections on the way to this appliance';
  const blksize = Number(/\bblksize=(\d+)/.exec(granted)?.[1] ?? 512);
  const large =
    blksize >= WHOLE_FRAME
      ? `its blocks of ${blksize} bytes need an MTU of ${blksize + 32}: let fragments and full frames through (VLAN tags and tunnels take bytes), or boot it with iPXE, which asks for smaller ones`
      : undefined;
  if (bytes > 0)
    return (
      large ??
      'look for packet loss on the way (cable, duplex, switch port, spanning tree); iPXE over HTTP bears loss better than TFTP'
    );
  const firewall =
    'TFTP answers from a port of its own: let UDP from and to ports above 1024 of this appliance through, not port 69 alone';
  return large === undefined ? firewall : `${firewall}; or ${large}`;
}

/** What is told of a kernel that crawls, and of a loader: shim asks for GRUB in steps of 512 bytes, whatever is offered (shim issue 618). */
const SPARED = {
  kernel: 'boot it with iPXE or GRUB over HTTP: boot: { bios: ipxe, uefi: ipxe } of the host or the site',
  loader:
    "boot it by its firmware's UEFI HTTP boot, or with iPXE: boot: { bios: ipxe, uefi: ipxe } of the host or the site",
} as const;

/** A large file that crawls over TFTP, while it does or just did: for `patience` ms after it. */
export function slowTftp(view: View, what: keyof typeof SPARED, patience: number): Spoken | undefined {
  const roles = what === 'kernel' ? (['kernel', 'initrd', 'xen'] as const) : (['loader', 'second-loader'] as const);
  const slow = filesOf(view.boot, ...roles).findLast((file) => isSlow(file, view.facts.now));
  if (slow === undefined || (slow.outcome !== 'sending' && silenceMs(view) >= patience)) return undefined;
  const tookMs = slow.outcome === 'sending' ? view.facts.now - slow.at : slow.durationMs;
  const done =
    slow.outcome === 'sending' ? `${sizeText(slow.sizeBytes)} are on their way for` : `${sizeText(slow.bytes)} took`;
  const blocks = /\bblksize=/.test(slow.granted)
    ? `with ${slow.granted}`
    : 'in steps of 512 bytes, because it asked for no larger ones';
  return {
    health: 'waiting',
    certainty: 'seen',
    summary: `${nameWords(slow.name)} comes slowly over TFTP: ${done} ${lengthWords(tookMs)}, ${blocks}`,
    remedy: SPARED[what],
  };
}

function isSlow({ via, outcome, bytes, at, sizeBytes, durationMs }: Seen<'file'>, now: number): boolean {
  if (via !== 'tftp') return false;
  if (outcome === 'sending') return now - at > SLOW_MS && sizeBytes / ((now - at) / 1000) < SLOW_BYTES_PER_SECOND;
  return outcome === 'sent' && durationMs > SLOW_MS && bytes / (durationMs / 1000) < SLOW_BYTES_PER_SECOND;
}

/** It had to ask for a file again and again before it had it: the way loses packets. */
export function manyRetries({ boot }: View): Spoken | undefined {
  for (const file of filesOf(boot, 'loader', 'second-loader', 'module', 'config', 'kernel', 'initrd', 'xen')) {
    const failed = brokenAsks(boot, file.name);
    if (failed < MANY) continue;
    return likely(
      `it asked for ${nameWords(file.name)} ${timesWords(failed + 1)} before it had it: the way between the machine and this appliance loses packets`,
      'look at cable, duplex and switch port; a busy link is spared by iPXE or GRUB over HTTP',
    );
  }
  return undefined;
}

/** A lost packet or two is every network's; a probe for the size is none. */
const MANY = 3;

function brokenAsks(boot: Boot, name: string): number {
  return filesOf(boot, 'loader', 'second-loader', 'module', 'config', 'kernel', 'initrd', 'xen').filter(
    (file) => file.name === name && isBroken(file),
  ).length;
}
