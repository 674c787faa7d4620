// A boot decision as an iPXE script, for BIOS and UEFI alike: the script itself finds out where it runs. Nothing here decides.
//
// iPXE has no quoting at all (src/core/exec.c): words end at blanks, `${…}` is expanded wherever it stands, and a word `&&`,
// `||`, `;` or `#…` ends a command. So what cannot be said is refused. A line that fails ends the script with a failure,
// which is the right end: firmware then goes on to its next boot entry.

import type { BootDecision, Install, InstallerArguments } from '../domain.ts';
import { Malformed } from '../malformed.ts';
import type { BootPlace, Start } from './urls.ts';
import { bootUrl, consoleText, startOf } from './urls.ts';

/** How often a file is asked for: a switch that brings its port up again (spanning tree) costs the first one. */
const ATTEMPTS = 4;

/** The script for any decision. Throws `Malformed` for what iPXE could not read back. */
export function renderIpxe(decision: BootDecision, at: BootPlace): string {
  if (decision.kind === 'install') return installScript(decision.install, decision.arguments, at);
  return script([`# ${consoleText(decision.reason)}`, say(`boot from disk: ${decision.reason}`), ...end()]);
}

/**
 * The script for an iPXE of which nobody knows yet whose it is: it asks again, by the MAC of the card that it opened last.
 * `--replace`: how the script asked for ends is no reason to ask once more.
 */
export function ipxeTrampoline(origin: string): string {
  return script([
    '# iPXE asks again, and says who it is.',
    // A script found beside the loader (autoexec.ipxe) runs before any card has an address.
    'isset ${netX/ip} || dhcp ||',
    'set attempt:int32 0',
    ':again',
    'inc attempt',
    `chain --replace ${bootUrl({ origin }, 'boot/ipxe')}/\${netX/mac:hexhyp} ||`,
    ...retry(),
    ':failed',
    say(`${origin} did not say what to boot`),
    'sleep 10 ||',
    ...end(),
  ]);
}

function installScript(install: Install, args: InstallerArguments, at: BootPlace): string {
  const start = startOf(install, args);
  const what = `install ${install.host.name} from ${install.tree.name}`;
  const uefi = uefiDetour(start, install, at);
  const commands = start.kind === 'linux' ? linuxCommands(start, install, at) : xenCommands(start, install, at);
  return script([
    `# ${consoleText(what)}`,
    say(what),
    ...(uefi === undefined ? [] : ['iseq ${platform} efi && goto uefi ||']),
    'set attempt:int32 0',
    ':again',
    'inc attempt',
    'imgfree',
    ...commands.map((command) => `${command} || goto retry`),
    'boot || goto refused',
    ':retry',
    ...retry(),
    ':failed',
    say(`${install.host.name} was not installed: its boot files could not be fetched, iPXE said why above`),
    'goto end',
    ':refused',
    say(`${install.host.name} was not installed: iPXE could not start what it fetched`),
    ...(uefi === undefined ? [] : ['goto end', ':uefi', ...uefi]),
    ':end',
    'sleep 15 ||',
    ...end(),
  ]);
}

/**
 * `initrd=` tells a UEFI kernel which of iPXE's files is its initrd, so the file is given that name. BOOTIF names the card
 * that really booted, as PXELINUX does by IPAPPEND 2, in place of the host's first.
 */
function linuxCommands(
  { boot, args }: Extract<Start, { kind: 'linux' }>,
  { tree }: Install,
  at: BootPlace,
): readonly string[] {
  const words = args.kernel
    .filter((argument) => !argument.startsWith('BOOTIF='))
    .map(ipxeWord)
    .join(' ');
  return [
    `kernel ${fileOf(tree, boot.kernel, at)} initrd=initrd.img ${words} BOOTIF=01-\${netX/mac:hexhyp}`,
    `initrd --name initrd.img ${fileOf(tree, boot.initrd, at)}`,
  ];
}

/** iPXE's multiboot reads no gzip: the hypervisor is also served unpacked, under its name without `.gz`. */
function xenCommands(
  { boot, args }: Extract<Start, { kind: 'xen' }>,
  { tree }: Install,
  at: BootPlace,
): readonly string[] {
  return [
    ['kernel', fileOf(tree, boot.xen.replace(/\.gz$/, ''), at), ...args.xen.map(ipxeWord)].join(' '),
    ['module', fileOf(tree, boot.kernel, at), ...args.kernel.map(ipxeWord)].join(' '),
    `module ${fileOf(tree, boot.initrd, at)}`,
  ];
}

/** What a UEFI iPXE does where it cannot start the installer itself: it starts a GRUB that can. Undefined: it can. */
function uefiDetour(start: Start, { os }: Install, at: BootPlace): readonly string[] | undefined {
  const detour = (why: string, loader: string): readonly string[] => [
    say(`${why}, so GRUB is asked to`),
    `chain ${bootUrl(at, loader)} ||`,
    say('GRUB was not there or could not start it'),
  ];
  if (start.kind === 'xen' && os.major <= 6)
    return [say(`${os.family} ${os.version} cannot boot by UEFI: set it to BIOS`)];
  if (start.kind === 'xen') return detour('iPXE cannot start Xen by UEFI', 'EFI/xenserver/grubx64.efi');
  // An EFI stub came with Linux 3.3.
  if (os.major === 6)
    return detour(`iPXE cannot start the kernel of ${os.family} ${os.version} by UEFI`, 'boot/grubx64.efi');
  return undefined;
}

function retry(): readonly string[] {
  return [`iseq \${attempt} ${ATTEMPTS} && goto failed ||`, 'sleep 3 ||', 'goto again'];
}

/**
 * To UEFI firmware success means "done": it stays in its menu (EDK2 BdsEntry.c, BootBootOptions; netboot.xyz issue 1276).
 * After a failure it goes on to its next entry. BIOS has its next boot device whatever the status (ipxe.org/cmd/exit).
 */
function end(): readonly string[] {
  return ['exit 1'];
}

function fileOf(tree: Install['tree'], path: string, at: BootPlace): string {
  return bootUrl(at, `boot/trees/${tree.name}/${path}`);
}

/** One word of an iPXE command. Throws `Malformed` for what iPXE would read as more than a word. */
export function ipxeWord(word: string): string {
  const isPlain = /^[\x21-\x7e]+$/.test(word) && !word.includes('${') && !/^#|\\$/.test(word);
  if (isPlain && word !== '&&' && word !== '||' && word !== ';') return word;
  throw new Malformed('a boot argument holds what iPXE cannot quote', JSON.stringify(word));
}

function say(message: string): string {
  return `echo Kickstand: ${consoleText(message)}`;
}

function script(lines: readonly string[]): string {
  return `#!ipxe\n${lines.join('\n')}\n`;
}
