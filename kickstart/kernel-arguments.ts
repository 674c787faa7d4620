// What an installer's kernel is told at boot, by release; how a loader writes it down is the boot side's business.

import type { Install, InstallerArguments } from '../server/domain.ts';
import type { No } from '../server/malformed.ts';
import { no } from '../server/malformed.ts';
import { UNPROTECTED } from './answerfile.ts';
import { dialectOf } from './dialect.ts';
import { kernelArgument } from './quote.ts';
import { answerfileUrl, kickstartUrl, treeUrl } from './urls.ts';

/** A kernel takes 2048 bytes on x86; loaders and what they add want their share. */
const LENGTH_LIMIT = 1000;

/**
 * The arguments of `install`'s installer, in order; where there is no room for all of them, without where its log goes. Or why it
 * cannot be started. Throws `Malformed` for values no loader could pass on.
 */
export function installerArguments(install: Install): InstallerArguments | No {
  // Its answerfile would be refused as well; a machine is not even booted into an installer that may wipe what is protected.
  if (install.protect && isXen(install)) return no(UNPROTECTED);
  const args = argumentsFor(install);
  if (args === undefined) return no(`no known installer arguments for ${install.os.family} ${install.os.version}`);
  const length = lengthOf(args);
  if (length > LENGTH_LIMIT) {
    if (install.syslog !== undefined) return installerArguments({ ...install, syslog: undefined });
    return no(
      `the installer's arguments are ${length} characters long; loaders keep ${LENGTH_LIMIT}`,
      "shorten the appliance's address, or the names of the host and its tree",
    );
  }
  return args;
}

function lengthOf(args: InstallerArguments): number {
  const all = args.kind === 'xen' ? [...args.xen, ...args.kernel] : args.kernel;
  return all.map((argument) => kernelArgument(argument).length + 1).reduce((sum, part) => sum + part, 0);
}

function argumentsFor(install: Install): InstallerArguments | undefined {
  const { os, tree } = install;
  if (tree.facts.boot.kind === 'xen') return isXen(install) ? xenArguments(install) : undefined;
  if (dialectOf(os) === undefined) return undefined;
  return { kind: 'linux', kernel: os.major === 6 ? loaderArguments(install) : dracutArguments(install) };
}

// RHEL 6's C loader. No kssendsn: 6.2 sends a serial-number header with a bare LF that HTTP servers refuse.
function loaderArguments(install: Install): readonly string[] {
  return [`ks=${kickstartUrl(install)}`, `ksdevice=${install.host.macs[0]}`, 'kssendmac', ...logTo(install)];
}

// RHEL 7 and later, dracut. No ip=: with one on the command line dracut ignores the kickstart's network line.
// BOOTIF (hardware type 01 and the MAC, as PXELINUX writes it) keeps DHCP to the one card.
function dracutArguments(install: Install): readonly string[] {
  return [
    `inst.repo=${treeUrl(install)}`,
    `inst.ks=${kickstartUrl(install)}`,
    'inst.ks.sendmac',
    `BOOTIF=01-${install.host.macs[0].replaceAll(':', '-')}`,
    ...logTo(install),
  ];
}

// HOST:PORT goes into the installer's rsyslog.conf as it is, as a forward over TCP. RHEL 6's init reads it before any other
// program runs, and only by the name without "inst." (anaconda: loader/init.c, pyanaconda/anaconda_logging.py).
function logTo({ os, syslog }: Install): readonly string[] {
  return syslog === undefined ? [] : [`${os.major === 6 ? '' : 'inst.'}syslog=${syslog}`];
}

function isXen({ os }: Install): boolean {
  return os.family === 'xenserver' || os.family === 'xcp-ng';
}

// answerfile_device is named because PXELINUX appends its BOOTIF to the last module, where dom0 never sees it.
function xenArguments(install: Install): InstallerArguments {
  const serial = ['com1=115200,8n1', 'console=com1,vga'];
  const answerfile = [`answerfile=${answerfileUrl(install)}`, `answerfile_device=${install.host.macs[0]}`, 'install'];
  const consoles = ['console=hvc0', 'console=tty0'];
  // 6.x kernels need to be told of the hypervisor's console driver.
  const driver = install.os.major <= 6 ? ['xencons=hvc'] : [];
  return {
    kind: 'xen',
    xen: [...domainZero(install.os.major), ...serial],
    kernel: [...driver, ...consoles, ...answerfile],
  };
}

// The memory and processors of the media's own boot entries: 6.x, 7.x, 8.x.
function domainZero(major: number): readonly string[] {
  if (major <= 6) return ['dom0_max_vcpus=1-2', 'dom0_mem=752M,max:752M'];
  if (major === 7) return ['dom0_max_vcpus=1-16', 'dom0_mem=2048M,max:2048M'];
  return ['dom0_max_vcpus=1-16', 'dom0_mem=max:8192M'];
}
