// The commands on machines to install.

import type { Command } from 'commander';
import { apiFlags } from '../cli/api-flags.ts';
import type { Add } from '../cli/command.ts';

/** Adds `host` below `program`. */
export function hostCommands(program: Command, add: Add): void {
  const host = program.command('host').description('the machines to install').exitOverride();
  stateCommands(host, add);
  changeCommands(host, add);
  instructionCommands(host, add);
}

function stateCommands(host: Command, add: Add): void {
  add(host, 'list', {
    help: 'every host and its state',
    options: apiFlags,
    load: async () => (await import('../cli/host.ts')).listCommand,
  });
  add(host, 'show <host>', {
    help: "what became of a host's last boot and what to do, its stages and its history; a stranger by its MAC",
    options: apiFlags,
    load: async () => (await import('../cli/host.ts')).showCommand,
  });
  add(host, 'receipt <host>', {
    help: 'what a host was installed from: its instructions, snapshots, loaders, packages and times',
    options: [
      ['--all', 'all that are kept, newest first'],
      ['--packages', 'list the packages that were served'],
      ...apiFlags,
    ],
    load: async () => (await import('../cli/host-receipt.ts')).receiptCommand,
  });
}

function changeCommands(host: Command, add: Add): void {
  add(host, 'arm <host...>', {
    help: 'let the next boot of each host install: its disks are wiped',
    options: [['--for <time>', 'how long, like 90m or 2h (default: 2h)'], ...apiFlags],
    load: async () => (await import('../cli/host.ts')).armCommand,
  });
  add(host, 'disarm <host...>', {
    help: 'take the leave to install back',
    options: apiFlags,
    load: async () => (await import('../cli/host.ts')).disarmCommand,
  });
  add(host, 'discovered', {
    help: 'the machines that asked for a boot and are in no site',
    load: async () => (await import('../cli/discovered.ts')).discoveredCommand,
  });
  add(host, 'enroll <mac>', {
    help: 'add a machine to the site file as a host; it boots its own disk until it is armed',
    options: [
      ['--name <name>', "the host's name"],
      ['--profile <profile>', 'what it becomes'],
      ['--network <network>', 'where it stands (default: the only one, or that of its address)'],
      ['--address <address>', 'its address'],
      ['--range <range>', 'or the range to take the next free address of (default: the one that fits)'],
    ],
    load: async () => (await import('../cli/discovered.ts')).enrollCommand,
  });
}

function instructionCommands(host: Command, add: Add): void {
  add(host, 'log <host>', {
    help: "what the host's installer and its scripts said; times are UTC",
    options: [
      ['-f, --follow', 'go on with what comes, until Ctrl-C'],
      ['-n, --lines <n>', 'how many of the newest lines (default: 200)'],
    ],
    load: async () => (await import('../cli/host-log.ts')).logCommand,
  });
  add(host, 'rehearse [hosts...]', {
    help: 'walk whole installs without the machines: loader, boot script, kernel, instructions, checksums, every package; exit 1 on any problem',
    options: [
      ['--all', 'every host of the site'],
      ['--packages', 'list the packages that would be installed'],
    ],
    load: async () => (await import('../cli/rehearse.ts')).rehearseCommand,
  });
  add(host, 'render <host>', {
    help: 'print what its installer would be told, with placeholders for secrets',
    options: [
      ['--as <form>', 'kickstart, answerfile, pxelinux, ipxe or grub (default: what its installer reads)'],
      ...apiFlags,
    ],
    load: async () => (await import('../cli/host.ts')).renderCommand,
  });
}
