// A boot decision as a pxelinux configuration. Values come checked; nothing here decides.

import type { BootDecision, Install, InstallerArguments } from '../domain.ts';
import { Malformed } from '../malformed.ts';
import type { BootPlace } from './urls.ts';
import { bootUrl, startOf } from './urls.ts';

/**
 * The configuration for a machine that boots its own disk. `LOCALBOOT -1` asks the BIOS for its next boot device (INT 18h;
 * SYSLINUX wiki, "LOCALBOOT"): it keeps the BIOS's own order, and unlike chain.c32 fetches no file and jumps into no blank disk.
 */
function renderLocalBoot(reason: string): string {
  return [`# ${comment(reason)}`, 'DEFAULT local', 'PROMPT 0', 'LABEL local', '  LOCALBOOT -1', ''].join('\n');
}

/**
 * The configuration that starts `install`'s installer, from TFTP; with a place whose `http` is true (lpxelinux.0) by HTTP.
 * Throws `Malformed` for what pxelinux could not read back.
 */
export function renderInstallBoot(install: Install, args: InstallerArguments, at?: BootPlace): string {
  const lines = [
    `# ${comment(`install ${install.host.name} from ${install.tree.name}`)}`,
    'DEFAULT install',
    'PROMPT 0',
    'LABEL install',
    ...entryOf(install, args, at),
    '',
  ];
  return lines.join('\n');
}

/** The configuration for any decision, as `renderInstallBoot`. */
export function renderPxelinux(decision: BootDecision, at?: BootPlace): string {
  if (decision.kind === 'local') return renderLocalBoot(decision.reason);
  return renderInstallBoot(decision.install, decision.arguments, at);
}

function entryOf(install: Install, args: InstallerArguments, place: BootPlace | undefined): string[] {
  const { name } = install.tree;
  const at = (path: string): string =>
    place?.http === true ? bootUrl(place, `boot/trees/${name}/${path}`) : word(`/trees/${name}/${path}`);
  const start = startOf(install, args);
  if (start.kind === 'linux') {
    return [
      `  KERNEL ${at(start.boot.kernel)}`,
      `  APPEND initrd=${at(start.boot.initrd)} ${start.args.kernel.map(word).join(' ')}`,
      '  IPAPPEND 2',
    ];
  }
  // mboot.c32 splits its line at ` --- `: hypervisor, dom0's kernel, installer image, each with its own arguments.
  const xen = [at(start.boot.xen), ...start.args.xen.map(word)].join(' ');
  const kernel = [at(start.boot.kernel), ...start.args.kernel.map(word)].join(' ');
  return ['  KERNEL mboot.c32', `  APPEND ${xen} --- ${kernel} --- ${at(start.boot.initrd)}`];
}

/** A word of an APPEND line: pxelinux splits at blanks and has no quoting. */
function word(text: string): string {
  if (!/^[\x21-\x7e]+$/.test(text))
    throw new Malformed('a boot argument holds blanks or control characters', JSON.stringify(text));
  return text;
}

function comment(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/g, ' ').slice(0, 200);
}
