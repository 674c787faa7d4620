// Boots that came as far as a loader: the wrong one, a broken transfer, one that never ran. Pure.

import type { Seen } from '../../seen.ts';
import { isWhole } from '../../seen.ts';
import { baseName, filesOf, isMissing, lackingFile, reach, stagesOf, wholeFile } from '../boots.ts';
import type { Rule, Spoken, View } from '../rule.ts';
import { likely, patienceMs, seen, silenceMs, waiting } from '../rule.ts';
import { sizeText } from '../../size-text.ts';
import { firmwareWords, nameWords, timesWords } from '../words.ts';
import { foreignProduct, isKeyManager, loaderKind, loaderWords, platformOfName } from './names.ts';
import { brokenTransfer, manyRetries, slowTftp } from './transfer.ts';

/** Asked before those of scripts: mboot.c32 is asked for behind one. */
export const moduleRules: readonly Rule[] = [{ name: 'loader-module-missing', speak: moduleMissing }];

/** In the order they are asked; only of boots that asked for a file, and for no script yet. */
export const loaderRules: readonly Rule[] = [
  { name: 'bios-loader-on-uefi', speak: ofLoader((view) => wrongPlatform(view, 'bios')) },
  { name: 'uefi-loader-on-bios', speak: ofLoader((view) => wrongPlatform(view, 'uefi')) },
  { name: 'foreign-boot-file', speak: ofLoader(foreignFile) },
  {
    name: 'loader-transfer-broken',
    speak: ofLoader((view) => brokenTransfer(view, 'loader', 'second-loader', 'module', 'config')),
  },
  { name: 'loader-not-found', speak: ofLoader(loaderNotFound) },
  { name: 'slow-tftp', speak: ofLoader((view) => slowTftp(view, 'loader', patienceMs.loader)) },
  { name: 'ipxe-chain-loop', speak: ofLoader(ipxeLoop) },
];

/** Asked after the rules of what Secure Boot and GRUB do: what is left when nothing tells more. */
export const silentLoaderRules: readonly Rule[] = [
  { name: 'ipxe-asked-no-script', speak: ofLoader(ipxeNoScript) },
  { name: 'config-not-found', speak: ofLoader(noConfig) },
  { name: 'many-retries', speak: ofLoader(manyRetries) },
  { name: 'loader-went-silent', speak: ofLoader(silentLoader) },
];

/** Limits a rule to boots whose last progress was a loader. */
export function ofLoader(speak: Rule['speak']): Rule['speak'] {
  return (view) => (view.boot.reached === reach.loader || view.boot.reached === reach.chain ? speak(view) : undefined);
}

/** The last loader the machine had whole; shim's key manager is none. */
export function lastLoader({ boot }: View): Seen<'file'> | undefined {
  return filesOf(boot, 'loader', 'second-loader').findLast((file) => isWhole(file) && !isKeyManager(file.name));
}

/** The platform of the machine's own firmware, where DHCP told it. */
export function firmwareOf({ boot }: View): Seen<'dhcp-asked'>['firmware'] | undefined {
  const asked = stagesOf(boot, 'dhcp-asked');
  return (asked.find(({ firmware }) => !firmware.isIpxe) ?? asked[0])?.firmware;
}

/** UEFI fetches a BIOS loader without complaint and then starts the next boot entry; BIOS hangs or says so on its screen. */
function wrongPlatform(view: View, of: 'bios' | 'uefi'): Spoken | undefined {
  const asked = filesOf(view.boot, 'loader').find(({ name }) => platformOfName(name) === of);
  if (asked === undefined || filesOf(view.boot, 'second-loader', 'module').length > 0) return undefined;
  const firmware = firmwareOf(view);
  const remedy =
    'the DHCP server that names this file must look at the architecture that machines send (option 93), as --dhcp proxy and --dhcp server of this appliance do';
  if (firmware !== undefined && firmware.platform !== of) {
    const what = `it is a ${firmwareWords(firmware)} machine and asked for ${nameWords(asked.name)}, a loader for ${of.toUpperCase()}`;
    return seen(what, remedy);
  }
  // Without DHCP's word: EDK2's client asks for blocks of 1468 bytes, BIOS ROMs for 1456 at most.
  if (of === 'uefi' || firmware !== undefined || !/\bblksize=1468\b/.test(`${asked.asked} ${asked.granted}`))
    return undefined;
  if (asked.outcome !== 'sent' || silenceMs(view) < patienceMs.loader) return undefined;
  return likely(
    `it had ${nameWords(asked.name)}, a loader for BIOS, and did nothing with it: it asks as UEFI firmware does (blksize=1468)`,
    remedy,
  );
}

/** A name that is not ours: somebody else's server named it, or this appliance stands in for an older one. */
function foreignFile({ boot }: View): Spoken | undefined {
  if (wholeFile(boot, 'loader', 'second-loader') !== undefined) return undefined;
  const asked = lackingFile(boot, ['unknown'], isMissing);
  if (asked === undefined) return undefined;
  const product = foreignProduct(asked.name);
  const whose = product === undefined ? '' : `, a name of ${product}`;
  return seen(
    `it asked for ${nameWords(asked.name)}, which is no file of this appliance${whose}: a DHCP server of this network names it`,
    'take that file name (option 67, filename) away in the other DHCP server, or name there what kickstand doctor lists; with --dhcp proxy or server this appliance names the right one',
  );
}

function loaderNotFound({ boot }: View): Spoken | undefined {
  const missing = lackingFile(boot, ['loader'], isMissing);
  if (missing === undefined || wholeFile(boot, 'loader', 'second-loader') !== undefined) return undefined;
  return seen(
    `it asked for ${nameWords(missing.name)}, which is not there${missing.reason === '' ? '' : `: ${missing.reason}`}`,
    'kickstand doctor lists every loader, where it comes from and what is missing',
  );
}

/** Modules that nothing goes on without; others are tried in several places, and done without. */
const NEEDED_MODULE = /^(?:ldlinux|libcom32|libutil|mboot)\.(?:c32|e64)$|^(?:normal|net|http|linux|multiboot2)\.mod$/;

function moduleMissing(view: View): Spoken | undefined {
  if (view.boot.reached > reach.script) return undefined;
  const missing = lackingFile(view.boot, ['module'], isMissing);
  if (missing === undefined || !NEEDED_MODULE.test(baseName(missing.name))) return undefined;
  if (silenceMs(view) < patienceMs.loader)
    return waiting(`its loader asked for ${nameWords(missing.name)}, which is not there`);
  return seen(
    `its loader asked for the module ${nameWords(missing.name)}, which is not there, and stopped`,
    'kickstand doctor lists the loaders: a loader and its modules must be of one build; install the package or add the tree it names',
  );
}

/** iPXE that is given iPXE again and again: its second question must be answered with a script. */
function ipxeLoop({ boot }: View): Spoken | undefined {
  const loaded = filesOf(boot, 'loader').filter(
    ({ name, outcome }) => loaderKind(name) === 'ipxe' && outcome === 'sent',
  );
  const last = loaded.at(-1);
  if (last === undefined || loaded.length < 3) return undefined;
  return seen(
    `it loaded ${nameWords(last.name)} ${timesWords(loaded.length)} in one boot: iPXE is told to start iPXE again, without end`,
    'the DHCP server that answers it must give iPXE (option 77 or 175) the URL of its script instead; with --dhcp proxy or server this appliance does',
  );
}

/** iPXE runs, for it asked over DHCP itself, and then wanted nothing of us. */
function ipxeNoScript(view: View): Spoken | undefined {
  const loader = lastLoader(view);
  if (loader === undefined || loaderKind(loader.name) !== 'ipxe') return undefined;
  const again = stagesOf(view.boot, 'dhcp-asked').find(({ at, firmware }) => firmware.isIpxe && at >= loader.at);
  if (again === undefined) return undefined;
  if (silenceMs(view) < patienceMs.loader) return waiting('iPXE runs and asks over DHCP for its script');
  return likely(
    "iPXE ran, asked over DHCP, and never asked for its script: another DHCP server's answer came first",
    "take next-server and file name away in the network's own DHCP server, or give iPXE (option 77 or 175) this appliance's script there; HTTP to this appliance must not be blocked either",
  );
}

/** A loader runs and finds no configuration under any of its names: none of them told a MAC that is known. */
function noConfig(view: View): Spoken | undefined {
  const asked = filesOf(view.boot, 'config').filter(({ name }) => baseName(name) !== 'autoexec.ipxe');
  const last = asked.at(-1);
  if (last === undefined) return undefined;
  const names =
    asked.length === 1 ? nameWords(last.name) : `${asked.length} configurations, the last ${nameWords(last.name)}`;
  if (silenceMs(view) < patienceMs.loader)
    return waiting(`its loader looks for its configuration (${nameWords(last.name)})`);
  return seen(
    `its loader asked for ${names}, and none was found: ${last.reason}`,
    'hosts are known by their MAC: add the one this machine boots from to its host in the site file',
  );
}

function silentLoader(view: View): Spoken | undefined {
  const loader = lastLoader(view);
  if (loader === undefined) {
    const asked = stagesOf(view.boot, 'file').at(-1);
    if (asked === undefined) return undefined;
    if (silenceMs(view) < patienceMs.loader) return waiting(`it asked for ${nameWords(asked.name)}`);
    return likely(
      `it asked for ${nameWords(asked.name)} (${asked.outcome}) and then for nothing more`,
      'look at its screen; its firmware or loader gave up',
    );
  }
  const had = `it had ${nameWords(loader.name)} (${sizeText(loader.bytes)})`;
  if (silenceMs(view) < patienceMs.loader) return waiting(`${had} and should ask for its next file`);
  const last = stagesOf(view.boot, 'file').at(-1)?.name ?? loader.name;
  const then =
    last === loader.name
      ? `asked for nothing more: ${loaderWords(loader.name)} did not start, or found no network`
      : `${loaderWords(loader.name)} ran, and asked for nothing more after ${nameWords(last)}`;
  return likely(
    `${had} and ${then}`,
    'look at its screen; another loader may suit this machine better: boot: { bios: ipxe } or { bios: pxelinux }, { uefi: grub } or { uefi: ipxe } of the host',
  );
}
