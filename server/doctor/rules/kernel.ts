// Boots that came as far as a script or a kernel: scripts nobody followed, files that lack, kernels that start nothing. Pure.

import { filesOf, isMissing, lackingFile, reach, stagesOf, wholeFile } from '../boots.ts';
import type { Rule, Spoken, View } from '../rule.ts';
import { hostName, likely, patienceMs, seen, silenceMs, waiting } from '../rule.ts';
import { sizeText } from '../../size-text.ts';
import { lengthWords, nameWords } from '../words.ts';
import { loaderKind, loaderWords } from './names.ts';
import { firmwareOf, lastLoader } from './loader.ts';
import { brokenTransfer, sendingFile, slowTftp } from './transfer.ts';

/** Of boots that asked for a script, and for no kernel yet. */
export const scriptRules: readonly Rule[] = [
  { name: 'script-transfer-broken', speak: ofReach(reach.script, (view) => brokenTransfer(view, 'config', 'module')) },
  { name: 'kernel-not-found', speak: ofReach(reach.script, notFound) },
  { name: 'config-asked-no-kernel', speak: ofReach(reach.script, noKernelAsked) },
];

/** Of boots that asked for a kernel, and whose installer has asked for nothing yet. */
export const kernelRules: readonly Rule[] = [
  { name: 'kernel-not-found', speak: ofReach(reach.kernel, notFound) },
  { name: 'kernel-broken', speak: ofReach(reach.kernel, (view) => brokenTransfer(view, 'kernel', 'xen')) },
  { name: 'initrd-broken', speak: ofReach(reach.kernel, (view) => brokenTransfer(view, 'initrd')) },
  { name: 'slow-tftp', speak: ofReach(reach.kernel, (view) => slowTftp(view, 'kernel', patienceMs.installer)) },
  { name: 'transfer-running', speak: transferRunning },
  { name: 'xen-no-kernel', speak: ofReach(reach.kernel, xenAlone) },
  { name: 'kernel-no-initrd', speak: ofReach(reach.kernel, kernelAlone) },
  { name: 'kernel-started-nothing-after', speak: ofReach(reach.kernel, nothingAfter) },
];

function ofReach(reached: number, speak: Rule['speak']): Rule['speak'] {
  return (view) => (view.boot.reached === reached ? speak(view) : undefined);
}

function noKernelAsked(view: View): Spoken | undefined {
  const script = stagesOf(view.boot, 'script').at(-1);
  if (script !== undefined && script.told !== 'install') return undefined;
  const loader = script?.loader ?? loaderKind(lastLoader(view)?.name ?? '');
  const words = { pxelinux: 'pxelinux', grub: 'GRUB', ipxe: 'iPXE', shim: 'its loader', other: 'its loader' }[loader];
  if (silenceMs(view) < patienceMs.script) return waiting(`${words} has its script and should ask for the kernel`);
  return likely(
    `${words} got its script and never asked for a kernel: it stopped at an error, or waits at its prompt`,
    loader === 'grub'
      ? `look at its screen: this GRUB may lack a command of the script (linuxefi, multiboot2, http); kickstand host render ${hostName(view)} --as grub shows the script, boot: { uefi: ipxe } goes another way`
      : `look at its screen; kickstand host render ${hostName(view)} --as ${loader === 'ipxe' ? 'ipxe' : 'pxelinux'} shows the script it was given`,
  );
}

function notFound(view: View): Spoken | undefined {
  const missing = lackingFile(view.boot, ['kernel', 'initrd', 'xen', 'unknown'], isMissing);
  // A name that is none of a tree's is only known to be no file of this appliance.
  if (missing === undefined || (missing.role === 'unknown' && !/^\/*trees\//.test(missing.name))) return undefined;
  return seen(
    `it asked for ${nameWords(missing.name)} and did not get it: ${missing.reason === '' ? missing.outcome : missing.reason}`,
    'kickstand tree list tells whether its tree is there, kickstand tree verify whether it is whole',
  );
}

function transferRunning(view: View): Spoken | undefined {
  const file = sendingFile(view);
  if (file === undefined) return undefined;
  const since = lengthWords(view.facts.now - file.at);
  return waiting(`${nameWords(file.name)} (${sizeText(file.sizeBytes)}) is being sent to it, since ${since}`);
}

function xenAlone(view: View): Spoken | undefined {
  const xen = wholeFile(view.boot, 'xen');
  if (xen === undefined || filesOf(view.boot, 'kernel').length > 0) return undefined;
  if (silenceMs(view) < patienceMs.kernel)
    return waiting(`it had ${nameWords(xen.name)} and should ask for dom0's kernel`);
  return likely(
    `it had Xen (${nameWords(xen.name)}, ${sizeText(xen.bytes)}) and never asked for dom0's kernel`,
    'look at its screen: its loader could not read this Xen (mboot.c32 needs all of its modules, GRUB needs multiboot2); with Secure Boot on, multiboot is refused: switch it off',
  );
}

function kernelAlone(view: View): Spoken | undefined {
  const kernel = wholeFile(view.boot, 'kernel');
  if (kernel === undefined || filesOf(view.boot, 'initrd').length > 0) return undefined;
  const had = `it had the kernel ${nameWords(kernel.name)} (${sizeText(kernel.bytes)})`;
  if (silenceMs(view) < patienceMs.kernel) return waiting(`${had} and should ask for the initrd`);
  const secure = isUefi(view) ? '; with Secure Boot on, this kernel may have been rejected' : '';
  return likely(
    `${had} and never asked for an initrd`,
    `look at its screen: ${loaderOf(view)} refused the kernel or ran out of memory${secure}`,
  );
}

/** All that boots was sent; from here on only what the installer asks for tells anything. */
function nothingAfter(view: View): Spoken | undefined {
  const kernel = wholeFile(view.boot, 'kernel');
  const initrd = wholeFile(view.boot, 'initrd');
  if (kernel === undefined || initrd === undefined) return undefined;
  if (silenceMs(view) < patienceMs.installer) return waiting('it had kernel and initrd; its installer starts');
  const after = view.boot.ended
    ? 'and began another boot before its installer asked for anything'
    : 'and its installer has asked for nothing since';
  const secure = isUefi(view) ? ', or Secure Boot rejected the kernel' : '';
  return likely(
    `it had kernel and initrd whole (${sizeText(kernel.bytes)} and ${sizeText(initrd.bytes)}) ${after}: the kernel crashed, found no network card, or used another port${secure}`,
    `look at its screen; the initrd may have no driver for this card (a newer tree has more), too little memory is left for it, or the installer brings up another port than ${hostName(view)}'s MAC`,
  );
}

function isUefi(view: View): boolean {
  const loader = lastLoader(view);
  return firmwareOf(view)?.platform === 'uefi' || (loader !== undefined && /\.efi/i.test(loader.name));
}

function loaderOf(view: View): string {
  const loader = lastLoader(view);
  return loader === undefined ? 'its loader' : loaderWords(loader.name);
}
