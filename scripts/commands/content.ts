// The commands on what is served: repo, tree, template.

import type { Command } from 'commander';
import { apiFlags } from '../cli/api-flags.ts';
import type { Add } from '../cli/command.ts';

/** Adds them below `program`. */
export function contentCommands(program: Command, add: Add): void {
  repoCommands(program, add);
  treeCommands(program, add);
  templateCommands(program, add);
}

function repoCommands(program: Command, add: Add): void {
  const repo = program.command('repo').description('mirrored RPM repositories').exitOverride();
  changeCommands(repo, add);
  syncCommands(repo, add);
  add(repo, 'snapshots <name>', {
    help: 'the snapshots that are kept',
    options: [['--evidence', 'what was wrong with a rescued upstream, for each of them']],
    load: async () => (await import('../cli/repo.ts')).snapshotsCommand,
  });
  add(repo, 'publish <name> <snapshot>', {
    help: 'make a snapshot current: roll back, or forward again',
    options: [
      ['--stamp', 'give its metadata the times of now, for clients that refuse metadata older than what they have'],
      ...apiFlags,
    ],
    load: async () => (await import('../cli/repo.ts')).publishCommand,
  });
  add(repo, 'verify [name...]', {
    help: 'hash every file of the published snapshots again; exit 1 on any difference',
    options: [
      ['--all-snapshots', 'of all snapshots that are kept'],
      ['--repair', 'bring what is damaged anew, from a copy on this disk or from upstream'],
    ],
    load: async () => (await import('../cli/verify.ts')).verifyCommand,
  });
  add(repo, 'closure [name...]', {
    help: 'what the packages require and nothing provides, with the trees and repos their profiles join; exit 1 on any',
    load: async () => (await import('../cli/closure.ts')).closureCommand,
  });
  add(repo, 'prune', {
    help: 'remove snapshots beyond what each repo keeps, and what nothing holds any more',
    options: [
      ['--dry-run', 'only tell what would go, what stays and why'],
      ['--now', 'also what was replaced in the last 48 hours, by which clients may still install'],
    ],
    load: async () => (await import('../cli/repo.ts')).pruneCommand,
  });
}

function changeCommands(repo: Command, add: Add): void {
  add(repo, 'add <name> <upstream>', {
    help: 'add a repo to the site file: an http or https URL, or an absolute directory, to be mirrored',
    options: [
      ['--publish <path>', 'a second path to serve it at, such as /4.0/'],
      ['--schedule <cron>', 'when to sync, such as "0 3 * * *" or @daily; by hand where absent'],
      ['--keep <count>', 'how many snapshots to keep (default 3)'],
      ...apiFlags,
    ],
    load: async () => (await import('../cli/repo-changes.ts')).addCommand,
  });
  add(repo, 'remove <name>', {
    help: 'take a repo off the site file, with all that was mirrored of it',
    options: apiFlags,
    load: async () => (await import('../cli/repo-changes.ts')).removeCommand,
  });
}

function syncCommands(repo: Command, add: Add): void {
  add(repo, 'list', {
    help: 'every repo and its published snapshot',
    options: apiFlags,
    load: async () => (await import('../cli/repo.ts')).listCommand,
  });
  add(repo, 'sync [name...]', {
    help: 'fetch what is new upstream and publish it; without a name: all repos; one that is being synced already is followed',
    options: [
      ['-q, --quiet', 'show no progress'],
      ['--fresh', 'plan everything anew, although upstream has nothing new'],
      ...apiFlags,
    ],
    load: async () => (await import('../cli/sync.ts')).syncCommand,
  });
  add(repo, 'cancel <name>', {
    help: 'end a running sync, wherever it runs: nothing is lost or published half',
    load: async () => (await import('../cli/sync.ts')).cancelCommand,
  });
  add(repo, 'history <name>', {
    help: 'the newest syncs: why they began and how they ended',
    load: async () => (await import('../cli/sync.ts')).historyCommand,
  });
}

function treeCommands(program: Command, add: Add): void {
  const tree = program.command('tree').description('install trees').exitOverride();
  add(tree, 'list', {
    help: 'every tree: what it is, or what is missing',
    options: apiFlags,
    load: async () => (await import('../cli/tree.ts')).listCommand,
  });
  add(tree, 'add <name> <source>', {
    help: 'prove an ISO or a directory and make it the tree NAME; or name the URL that it is to be mirrored from',
    load: async () => (await import('../cli/medium.ts')).addCommand,
  });
  add(tree, 'sync [name...]', {
    help: 'mirror trees from their URLs and publish what is new; without a name: all that come from a URL; one that is being synced already is followed',
    options: [
      ['-q, --quiet', 'show no progress'],
      ['--fresh', 'plan everything anew, although upstream has nothing new'],
      ...apiFlags,
    ],
    load: async () => (await import('../cli/sync.ts')).syncTreesCommand,
  });
  add(tree, 'cancel <name>', {
    help: 'end a running sync, wherever it runs: nothing is lost or published half',
    load: async () => (await import('../cli/sync.ts')).cancelTreeCommand,
  });
  add(tree, 'history <name>', {
    help: 'the newest syncs of a tree from a URL: why they began and how they ended',
    load: async () => (await import('../cli/sync.ts')).treeHistoryCommand,
  });
  add(tree, 'verify [name...]', {
    help: "prove the checksums that the tree's own .treeinfo names, and all of a tree from a URL; exit 1 on any difference",
    options: [
      ['--repair', 'of trees from a URL: bring what is damaged anew, from a copy on this disk or from upstream'],
    ],
    load: async () => (await import('../cli/tree.ts')).verifyCommand,
  });
  add(tree, 'remove <name>', {
    help: 'take a tree off the appliance; a medium itself is left, what was fetched from a URL goes',
    load: async () => (await import('../cli/medium.ts')).removeCommand,
  });
}

function templateCommands(program: Command, add: Add): void {
  const template = program
    .command('template')
    .description('VM templates and ISOs, served below /templates/')
    .exitOverride();
  add(template, 'list', {
    help: 'what is served, what waits to be resumed, and what was laid there untold',
    load: async () => (await import('../cli/template.ts')).listCommand,
  });
  add(template, 'add <name> <file>', {
    help: 'copy a file of this machine in, like systemvm-4.20-kvm.qcow2.bz2; others upload it: curl -T FILE URL/templates/NAME',
    load: async () => (await import('../cli/template.ts')).addCommand,
  });
  add(template, 'remove <name>', {
    help: 'remove a file, or drop the upload that holds its name',
    load: async () => (await import('../cli/template.ts')).removeCommand,
  });
  add(template, 'verify [name...]', {
    help: 'hash files again; exit 1 on any that was changed',
    load: async () => (await import('../cli/template.ts')).verifyCommand,
  });
  add(template, 'register <name>', {
    help: 'the URL, and the registerTemplate or registerIso call that makes CloudStack fetch it',
    load: async () => (await import('../cli/template.ts')).registerCommand,
  });
}
