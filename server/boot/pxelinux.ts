// A boot decision as a pxelinux configuration. Values come checked; nothing here decides.

import type { BootDecision, Install, InstallerArguments } from '../domain.ts';
import { Malformed } from '../malformed.ts';

/**
 * The configuration for a machine that boots its own disk. `LOCALBOOT -1` asks the BIOS for its next boot device (INT 18h;
 * SYSLINUX wiki, "LOCALBOOT"): it keeps the BIOS's own order, and unlike chain.c32 fetches no file and jumps into no blank disk.
 */
function renderLocalBoot(reason: string): string {
  return [`# ${comment(reason)}`, 'DEFAULT local', 'PROMPT 0', 'LABEL local', '  LOCALBOOT -1', ''].join('\n');
}

/** The configuration that starts `install`'s installer. Throws `Malformed` for what pxelinux could not read back. */
export function renderInstallBoot(install: Install, args: InstallerArguments): string {
  const lines = [
    `# ${comment(`install ${install.host.name} from ${install.tree.name}`)}`,
    'DEFAULT install',
    'PROMPT 0',
    'LABEL install',
    ...entryOf(install, args),
    '',
  ];
  return lines.join('\n');
}

/** The configuration for any decision. */
export function renderPxelinux(decision: BootDecision): string {
  if (decision.kind === 'local') return renderLocalBoot(decision.reason);
  return renderInstallBoot(decision.install, decision.arguments);
}

function entryOf(install: Install, args: InstallerArguments): string[] {
  const { boot } = install.tree.facts;
  const at = (path: string): string => word(`/trees/${install.tree.name}/${path}`);
  if (boot.kind === 'linux' && args.kind === 'linux') {
    return [
      `  KERNEL ${at(boot.kernel)}`,
      `  APPEND initrd=${at(boot.initrd)} ${args.kernel.map(word).join(' ')}`,
      '  IPAPPEND 2',
    ];
  }
  if (boot.kind === 'xen' && args.kind === 'xen') {
    // mboot.c32 splits its line at ` --- `: hypervisor, dom0's kernel, installer image, each with its own arguments.
    const xen = [at(boot.xen), ...args.xen.map(word)].join(' ');
    const kernel = [at(boot.kernel), ...args.kernel.map(word)].join(' ');
    return ['  KERNEL mboot.c32', `  APPEND ${xen} --- ${kernel} --- ${at(boot.initrd)}`];
  }
  throw new Malformed(`the arguments are for ${args.kind}, the tree boots ${boot.kind}`, install.tree.name);
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
