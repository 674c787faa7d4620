// UEFI's chain of shim and GRUB: what Secure Boot refuses, what is not found, and where GRUB goes astray. Pure.

import type { Seen } from '../../seen.ts';
import { filesOf, isMissing, lackingFile, stagesOf } from '../boots.ts';
import type { Rule, Spoken, View } from '../rule.ts';
import { dhcpModeOf, likely, patienceMs, seen, silenceMs } from '../rule.ts';
import { sizeText } from '../../size-text.ts';
import { nameWords, timesWords } from '../words.ts';
import { firmwareOf, lastLoader, ofLoader } from './loader.ts';
import { isKeyManager, isShimProbe, loaderKind, loaderWords, platformOfName } from './names.ts';

/** In the order they are asked. None speaks before a loader that runs would have asked for its next file. */
export const chainRules: readonly Rule[] = [
  { name: 'secure-boot-rejected-grub', speak: ofLoader(keyManagerAsked) },
  { name: 'shim-could-not-find-grub', speak: ofLoader(shimWithoutGrub) },
  { name: 'grub-went-elsewhere', speak: overdue(grubElsewhere) },
  { name: 'secure-boot-rejected-grub', speak: overdue(grubRejected) },
  { name: 'secure-boot-rejected-loader', speak: overdue(loaderRejected) },
];

function overdue(speak: Rule['speak']): Rule['speak'] {
  return ofLoader((view) => (silenceMs(view) < patienceMs.loader ? undefined : speak(view)));
}

const USE_SHIM =
  "use the tree's shim and GRUB as they are on its medium (kickstand doctor tells where each loader comes from), or switch Secure Boot off in the firmware";

/** The clearest sign there is over the network: shim asks for its key manager where Secure Boot forbids what it fetched. */
function keyManagerAsked({ boot }: View): Spoken | undefined {
  const asked = stagesOf(boot, 'file').find(({ name }) => isKeyManager(name));
  const grub = filesOf(boot, 'second-loader').findLast(
    ({ outcome, name }) => outcome === 'sent' && !isKeyManager(name),
  );
  if (asked === undefined || grub === undefined || grub.at > asked.at) return undefined;
  return seen(
    `it asked for ${nameWords(grub.name)}, got it, and then asked for shim's key manager ${nameWords(asked.name)} instead of a configuration: Secure Boot rejected this GRUB`,
    USE_SHIM,
  );
}

function shimWithoutGrub(view: View): Spoken | undefined {
  const missing = grubNotGiven(view);
  if (missing !== undefined) {
    const why = missing.reason === '' ? missing.outcome : `${missing.outcome}: ${missing.reason}`;
    return seen(
      `shim started and asked for ${nameWords(missing.name)}, and did not get it (${why})`,
      missing.role === 'unknown'
        ? 'some builds of shim make a wrong name from what the firmware calls its network card (shim issue 696): use a newer tree, or boot: { uefi: ipxe } of the host'
        : 'the tree must carry shim and GRUB together: kickstand doctor lists them, kickstand tree verify proves the medium',
    );
  }
  const shim = lastLoader(view);
  if (shim === undefined || loaderKind(shim.name) !== 'shim' || silenceMs(view) < patienceMs.loader) return undefined;
  const ran = filesOf(view.boot, 'probe', 'unknown').some(({ name }) => isShimProbe(name));
  if (!ran && dhcpModeOf(view) !== 'proxy') return undefined;
  return likely(
    `it had ${nameWords(shim.name)} and never asked this appliance for GRUB: ${ran ? 'shim ran, and' : 'shim'} looked for it on another server, or nowhere`,
    "old builds of shim ask the address server and not the proxy: name this appliance as next-server in the network's own DHCP server, use --dhcp server, or boot: { uefi: ipxe } of the host",
  );
}

/** What shim asked for in vain to start it; its key manager and its probes are no such thing. */
function grubNotGiven(view: View): Seen<'file'> | undefined {
  const isShim = loaderKind(lastLoader(view)?.name ?? '') === 'shim';
  return lackingFile(
    view.boot,
    isShim ? ['second-loader', 'unknown'] : ['second-loader'],
    (file) => isMissing(file) && !isKeyManager(file.name) && !isShimProbe(file.name),
  );
}

/** GRUB reads the address server's answer and not the proxy's (rhboot/grub2 issue 56). */
function grubElsewhere(view: View): Spoken | undefined {
  const grub = silentGrub(view);
  if (grub === undefined || dhcpModeOf(view) !== 'proxy') return undefined;
  const server = stagesOf(view.boot, 'dhcp-foreign').at(-1)?.server;
  return likely(
    `it had ${nameWords(grub.name)} and never asked this appliance for a configuration: GRUB asks the network's own DHCP server${server === undefined ? '' : ` (${server})`} for it`,
    `name this appliance as next-server there, use --dhcp server, or boot: { uefi: ipxe } of the host; where Secure Boot is on, it may also have rejected this GRUB`,
  );
}

function grubRejected(view: View): Spoken | undefined {
  const grub = silentGrub(view);
  if (grub?.role !== 'second-loader') return undefined;
  return likely(
    `it asked for ${nameWords(grub.name)}, got it, and never asked for a configuration or a kernel: Secure Boot rejected this GRUB`,
    USE_SHIM,
  );
}

/** GRUB, had whole, after which nothing shows that it ran. */
function silentGrub(view: View): Seen<'file'> | undefined {
  const loader = lastLoader(view);
  if (loader === undefined || loaderKind(loader.name) !== 'grub') return undefined;
  const asked = filesOf(view.boot, 'module', 'config', 'probe').filter(({ at }) => at >= loader.at);
  return asked.some(({ name }) => !isShimProbe(name)) ? undefined : loader;
}

/** UEFI firmware starts a loader at once or not at all: one it had whole and that asks for nothing was refused. */
function loaderRejected(view: View): Spoken | undefined {
  const loader = lastLoader(view);
  if (loader?.role !== 'loader' || !isUefi(view, loader) || didMore(view, loader)) return undefined;
  const times = filesOf(view.boot, 'loader').filter(
    ({ name, outcome }) => name === loader.name && outcome === 'sent',
  ).length;
  return likely(
    `it had ${nameWords(loader.name)} whole (${sizeText(loader.bytes)}, ${timesWords(times)}) and never asked for anything after it: Secure Boot rejected ${loaderWords(loader.name)}`,
    REJECTED[loaderKind(loader.name)],
  );
}

const REJECTED: Readonly<Record<ReturnType<typeof loaderKind>, string>> = {
  ipxe: "this iPXE is not signed for Secure Boot: boot: { uefi: grub } of the host starts the tree's signed shim (beside another DHCP server that server must name this appliance as next-server); or switch Secure Boot off in the firmware",
  grub: "firmware knows shim's signature, not GRUB's: use the tree's shim, which starts GRUB (kickstand doctor tells whether the tree carries one), or switch Secure Boot off in the firmware",
  shim: 'the firmware has revoked this shim, or knows no key for it: use a newer tree of the same system, or switch Secure Boot off in the firmware',
  pxelinux: "use the tree's shim and GRUB, or switch Secure Boot off in the firmware",
  other: "use the tree's shim and GRUB, or switch Secure Boot off in the firmware",
};

function isUefi(view: View, loader: Seen<'file'>): boolean {
  return (firmwareOf(view)?.platform ?? platformOfName(loader.name)) === 'uefi';
}

function didMore({ boot }: View, loader: Seen<'file'>): boolean {
  const asked = boot.records.some(
    ({ at, stage }) => stage.kind === 'file' && at >= loader.at && stage.name !== loader.name,
  );
  return asked || stagesOf(boot, 'dhcp-asked').some(({ at, firmware }) => firmware.isIpxe && at >= loader.at);
}
