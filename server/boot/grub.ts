// A boot decision as a GRUB 2 configuration that any build can run: RHEL 7's to 10's, Debian's, XenServer's. Nothing here decides.
//
// Two traps shape the text. To GRUB's scripts a command that does not exist has *succeeded* (grub-core/script/execute.c,
// grub_script_execute_cmdline returns 0), so every command that some build lacks gets a function of its name that fails:
// GRUB looks for functions only where it finds no command. And a configuration that ends leaves people at GRUB's shell, so
// each ends with `exit`.

import type { BootDecision, Install, InstallerArguments } from '../domain.ts';
import { Malformed } from '../malformed.ts';
import type { BootPlace, Start } from './urls.ts';
import { consoleText, grubTreePlaces, plainPath, startOf } from './urls.ts';

/** Where distributions put their loaders on the EFI system partition; BOOT is what removable media have (UEFI 2.10, 3.5.1.1). */
const LOADER_DIRECTORIES = [
  ...['redhat', 'centos', 'rocky', 'almalinux', 'oracle', 'xenserver', 'fedora', 'scientific'],
  ...['debian', 'ubuntu', 'opensuse', 'sles'],
];

/**
 * Every partition of every disk, CDs left out: their loader would start an installer. A GRUB without its module `regexp`
 * (RHEL 7's) keeps the pattern as it is, so the places where installers put the EFI system partition follow.
 */
const PARTITIONS = '(hd*,*) (hd0,gpt1) (hd0,gpt2) (hd1,gpt1) (hd1,gpt2) (hd0,msdos1)';

/** The configuration for any decision. Throws `Malformed` for what GRUB could not read back. */
export function renderGrub(decision: BootDecision, at: BootPlace): string {
  if (decision.kind === 'install') return installText(decision.install, decision.arguments, at);
  return text([`# ${consoleText(decision.reason)}`, say(`boot from disk: ${decision.reason}`), ...localBoot()]);
}

/**
 * The configuration for a GRUB of which nobody knows yet whose it is: it asks again, by its MAC; a GRUB that does not know
 * it asks for what belongs to whoever asks. The names have no device: GRUB takes the one it was loaded from.
 */
export function grubTrampoline(): string {
  return text([
    '# GRUB asks again, and says who it is.',
    'configfile "/grub/grub.cfg-01-$net_default_mac"',
    'configfile /grub/grub.cfg-asker',
    say('nobody knows this machine: its network card has no MAC address that GRUB could tell'),
    ...localBoot(),
  ]);
}

function installText(install: Install, args: InstallerArguments, at: BootPlace): string {
  const start = startOf(install, args);
  const what = `install ${install.host.name} from ${install.tree.name}`;
  return text([
    `# ${consoleText(what)}`,
    say(what),
    // Upstream's GRUB sets the screen up for the kernel; without a driver the installer would be invisible.
    'insmod all_video',
    ...(start.kind === 'linux' ? linuxFunctions() : xenFunctions()),
    // HTTP first: TFTP takes minutes for an initrd. GRUB loads its http module by itself where it may.
    `for tree in ${grubTreePlaces(at, install.tree.name).map(grubWord).join(' ')}; do`,
    '  echo "Kickstand: asking for $tree"',
    ...attempts(start, install).flatMap((attempt) => attempt.map((line) => `  ${line}`)),
    'done',
    say(`${install.host.name} was not installed: no kernel could be started, and GRUB said why above`),
    say('is the appliance reachable by HTTP and TFTP, and does Secure Boot trust the kernel of this tree'),
    'sleep 15',
    ...localBoot(),
  ]);
}

/**
 * `linuxefi` starts a kernel by its EFI stub: RHEL 7's GRUB needs it under Secure Boot. From 8 on `linux` does the same and
 * `linuxefi` is on its way out (cobbler issue 3975). RHEL 6's kernel has no stub.
 */
function attempts(start: Start, { os }: Install): readonly (readonly string[])[] {
  if (start.kind === 'xen') return [xenAttempt(start)];
  const suffixes = os.major === 6 ? [''] : os.major === 7 ? ['efi', ''] : ['', 'efi'];
  return suffixes.map((suffix) => linuxAttempt(start, suffix));
}

function linuxAttempt({ boot, args }: Extract<Start, { kind: 'linux' }>, suffix: string): readonly string[] {
  return [
    `if linux${suffix} ${inTree(boot.kernel)} ${args.kernel.map(grubWord).join(' ')}; then`,
    `  if initrd${suffix} ${inTree(boot.initrd)}; then`,
    '    boot',
    `    ${say('the kernel was loaded but could not be started')}`,
    '  else',
    `    ${say('the initrd could not be loaded')}`,
    '  fi',
    'else',
    `  ${say(`linux${suffix} could not load the kernel`)}`,
    'fi',
  ];
}

function xenAttempt({ boot, args }: Extract<Start, { kind: 'xen' }>): readonly string[] {
  return [
    `if multiboot2 ${[inTree(boot.xen), ...args.xen.map(grubWord)].join(' ')}; then`,
    `  if module2 ${[inTree(boot.kernel), ...args.kernel.map(grubWord)].join(' ')}; then`,
    `    if module2 ${inTree(boot.initrd)}; then`,
    '      boot',
    `      ${say('Xen was loaded but could not be started')}`,
    '    fi',
    '  fi',
    'else',
    `  ${say('Xen could not be loaded: this needs a GRUB with multiboot2, and a Xen made for it')}`,
    'fi',
  ];
}

function linuxFunctions(): readonly string[] {
  return ['linux', 'linuxefi'].map(failing);
}

function xenFunctions(): readonly string[] {
  // Built in, or loaded; under Secure Boot GRUB refuses to load any, says so, and goes on.
  return ['insmod multiboot2', 'insmod gzio', ...['multiboot2', 'module2'].map(failing)];
}

/**
 * Boots the disk. A UEFI machine whose loader ends with success stands in its firmware's menu (EDK2 BdsEntry.c,
 * BootBootOptions; netboot.xyz issue 1276): upstream's `exit` knows no status, RHEL's does. So the installed system's own
 * loader is looked for first. BIOS goes on to its next boot device whatever the status.
 */
function localBoot(): readonly string[] {
  return [
    failing('chainloader'),
    // Firmware that booted from the network often has not looked at its disks: RHEL's GRUB can make it.
    'function connectefi { return 0; }',
    'if [ "$grub_platform" = efi ]; then',
    '  connectefi all',
    '  set names="shimx64.efi grubx64.efi"',
    '  set removable=BOOTX64.EFI',
    '  if [ "$grub_cpu" = arm64 ]; then',
    '    set names="shimaa64.efi grubaa64.efi"',
    '    set removable=BOOTAA64.EFI',
    '  fi',
    `  for directory in ${LOADER_DIRECTORIES.join(' ')}; do`,
    `    for partition in ${PARTITIONS}; do`,
    '      for name in $names; do',
    ...chain('/EFI/$directory/$name').map((line) => `        ${line}`),
    '      done',
    '    done',
    '  done',
    `  for partition in ${PARTITIONS}; do`,
    ...chain('/EFI/BOOT/$removable').map((line) => `    ${line}`),
    '  done',
    'fi',
    'exit 1',
  ];
}

/** `path` may hold GRUB's variables. The loader is told that it came from `root`, and looks for its configuration there. */
function chain(path: string): readonly string[] {
  return [
    `if [ -f "$partition${path}" ]; then`,
    `  echo "Kickstand: starting $partition${path}"`,
    '  set root="$partition"',
    `  if chainloader "${path}"; then`,
    '    boot',
    '  fi',
    'fi',
  ];
}

/** A function that stands in for a command GRUB may lack, and fails as the command would. */
function failing(command: string): string {
  return `function ${command} { return 1; }`;
}

function inTree(path: string): string {
  return `"$tree/${plainPath(path)}"`;
}

/**
 * One word of GRUB's scripts. Single quotes keep everything but themselves (GRUB manual, "Quoting"). Throws `Malformed` for
 * what GRUB itself would change on the way to the kernel: it puts backslashes before quotes, and quotes around blanks.
 */
export function grubWord(word: string): string {
  if (!/^[!#-&(-[\]-~]+$/.test(word)) {
    throw new Malformed(
      'a boot argument holds blanks, quotes, backslashes or anything but ASCII',
      JSON.stringify(word),
    );
  }
  return /^[A-Za-z0-9_./:@%+=,-]+$/.test(word) ? word : `'${word}'`;
}

function say(message: string): string {
  return `echo 'Kickstand: ${consoleText(message)}'`;
}

function text(lines: readonly string[]): string {
  return `${lines.join('\n')}\n`;
}
