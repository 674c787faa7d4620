// The operator's command line: one tree of commands. Each is loaded when it is called, so that --help answers at once.

import { Command, CommanderError } from 'commander';
import { settingFlags } from '../server/settings.ts';
import { capacityFlags } from '../server/site/capacity-flags.ts';
import { version } from '../server/version.ts';
import type { ExitCode } from './cli/output.ts';

/** A command's work, loaded on call: positional arguments, then all flags. */
type Work = (
  args: readonly (string | readonly string[] | undefined)[],
  flags: Readonly<Record<string, unknown>>,
) => Promise<ExitCode>;

const program = new Command('kickstand');
program
  .description(
    'An offline installer appliance: mirrors repositories and install trees, and installs machines over the network.',
  )
  .version(version)
  .showSuggestionAfterError()
  .exitOverride();

/** The doctor looks at what `serve` would do with the same flags. */
const TAKES_ALL = new Set(['serve', 'doctor']);

/** Adds a command below `parent`. `load` imports its module only when it runs. */
function add(
  parent: Command,
  usage: string,
  about: {
    readonly help: string;
    readonly load: () => Promise<Work>;
    readonly options?: readonly (readonly [string, string])[];
  },
): Command {
  const command = parent.command(usage).description(about.help).exitOverride().showSuggestionAfterError();
  for (const [flags, help] of about.options ?? []) command.option(flags, help);
  for (const { name, value, help, bare } of settingFlags) {
    const shown = bare === undefined ? `<${value}>` : `[${value}]`;
    if (usage === 'bundle [host]' && name === 'site')
      command.option('--site [FILE]', `the whole site's bundle; or, with a host, ${help}`);
    else if (name === 'site' || name === 'data' || TAKES_ALL.has(usage)) command.option(`--${name} ${shown}`, help);
  }
  command.option('--json', 'print JSON, for machines');
  command.action(async (...given: unknown[]) => {
    const args = command.processedArgs as (string | string[] | undefined)[];
    void given;
    const work = await about.load();
    process.exitCode = await work(args, command.opts());
  });
  return command;
}

add(program, 'serve', {
  help: 'run the appliance until SIGTERM; each flag is a variable too: --http-port is KICKSTAND_HTTP_PORT',
  load: async () => (await import('./cli/serve.ts')).serveCommand,
});
add(program, 'doctor', {
  help: 'check ports, DHCP, loaders, disk, clock and site as serve would find them with the same flags; every problem with its remedy; exit 1 on any',
  load: async () => (await import('./cli/doctor.ts')).doctorCommand,
});

const site = program.command('site').description('the site file').exitOverride();
add(site, 'check [file]', {
  help: 'all problems of a site file at once; exit 1 on any',
  load: async () => (await import('./cli/site.ts')).checkCommand,
});
add(site, 'show', {
  help: 'the resolved site, every default written out',
  load: async () => (await import('./cli/site.ts')).showCommand,
});
add(site, 'plan', {
  help: 'the IP plan as tables: networks, ranges, who has which address, what is free',
  options: [['--next <name>', 'only print the next free address for a new host, of a range or a network']],
  load: async () => (await import('./cli/site.ts')).planCommand,
});
add(site, 'capacity', {
  help: 'how many hypervisors a load needs, and what limits, with the arithmetic; beside those the site has',
  options: [
    ...capacityFlags.map(
      ({ name, value, help }) => [value === '' ? `--${name}` : `--${name} <${value}>`, help] as const,
    ),
    ['--profile <name>', 'count the hosts of this profile, and exit 1 where they do not suffice'],
  ],
  load: async () => (await import('./cli/capacity.ts')).capacityCommand,
});

const repo = program.command('repo').description('mirrored RPM repositories').exitOverride();
add(repo, 'list', {
  help: 'every repo and its published snapshot',
  load: async () => (await import('./cli/repo.ts')).listCommand,
});
add(repo, 'sync [name...]', {
  help: 'fetch what is new upstream and publish it; without a name: all repos; one that is being synced already is followed',
  options: [
    ['-q, --quiet', 'show no progress'],
    ['--fresh', 'plan everything anew, although upstream has nothing new'],
  ],
  load: async () => (await import('./cli/sync.ts')).syncCommand,
});
add(repo, 'cancel <name>', {
  help: 'end a running sync, wherever it runs: nothing is lost or published half',
  load: async () => (await import('./cli/sync.ts')).cancelCommand,
});
add(repo, 'history <name>', {
  help: 'the newest syncs: why they began and how they ended',
  load: async () => (await import('./cli/sync.ts')).historyCommand,
});
add(repo, 'snapshots <name>', {
  help: 'the snapshots that are kept',
  options: [['--evidence', 'what was wrong with a rescued upstream, for each of them']],
  load: async () => (await import('./cli/repo.ts')).snapshotsCommand,
});
add(repo, 'publish <name> <snapshot>', {
  help: 'make a snapshot current: roll back, or forward again',
  options: [
    ['--stamp', 'give its metadata the times of now, for clients that refuse metadata older than what they have'],
  ],
  load: async () => (await import('./cli/repo.ts')).publishCommand,
});
add(repo, 'verify [name...]', {
  help: 'hash every file of the published snapshots again; exit 1 on any difference',
  options: [
    ['--all-snapshots', 'of all snapshots that are kept'],
    ['--repair', 'bring what is damaged anew, from a copy on this disk or from upstream'],
  ],
  load: async () => (await import('./cli/verify.ts')).verifyCommand,
});
add(repo, 'closure [name...]', {
  help: 'what the packages require and nothing provides, with the trees and repos their profiles join; exit 1 on any',
  load: async () => (await import('./cli/closure.ts')).closureCommand,
});
add(repo, 'prune', {
  help: 'remove snapshots beyond what each repo keeps, and what nothing holds any more',
  options: [
    ['--dry-run', 'only tell what would go, what stays and why'],
    ['--now', 'also what was replaced in the last 48 hours, by which clients may still install'],
  ],
  load: async () => (await import('./cli/repo.ts')).pruneCommand,
});

const tree = program.command('tree').description('install trees').exitOverride();
add(tree, 'list', {
  help: 'every tree: what it is, or what is missing',
  load: async () => (await import('./cli/tree.ts')).listCommand,
});
add(tree, 'add <name> <source>', {
  help: 'prove an ISO or a directory and make it the tree NAME; or name the URL that it is to be mirrored from',
  load: async () => (await import('./cli/tree.ts')).addCommand,
});
add(tree, 'sync [name...]', {
  help: 'mirror trees from their URLs and publish what is new; without a name: all that come from a URL',
  options: [
    ['-q, --quiet', 'show no progress'],
    ['--fresh', 'plan everything anew, although upstream has nothing new'],
  ],
  load: async () => (await import('./cli/tree-sync.ts')).syncTreesCommand,
});
add(tree, 'verify [name...]', {
  help: "prove the checksums that the tree's own .treeinfo names, and all of a tree from a URL; exit 1 on any difference",
  options: [['--repair', 'of trees from a URL: bring what is damaged anew, from a copy on this disk or from upstream']],
  load: async () => (await import('./cli/tree.ts')).verifyCommand,
});
add(tree, 'remove <name>', {
  help: 'take a tree off the appliance; a medium itself is left, what was fetched from a URL goes',
  load: async () => (await import('./cli/tree.ts')).removeCommand,
});

const host = program.command('host').description('the machines to install').exitOverride();
add(host, 'list', { help: 'every host and its state', load: async () => (await import('./cli/host.ts')).listCommand });
add(host, 'show <host>', {
  help: "what became of a host's last boot and what to do, its stages and its history; a stranger by its MAC",
  load: async () => (await import('./cli/host.ts')).showCommand,
});
add(host, 'receipt <host>', {
  help: 'what a host was installed from: its instructions, snapshots, loaders, packages and times',
  options: [
    ['--all', 'all that are kept, newest first'],
    ['--packages', 'list the packages that were served'],
  ],
  load: async () => (await import('./cli/host-receipt.ts')).receiptCommand,
});
add(host, 'arm <host...>', {
  help: 'let the next boot of each host install: its disks are wiped',
  options: [['--for <time>', 'how long, like 90m or 2h (default: 2h)']],
  load: async () => (await import('./cli/host.ts')).armCommand,
});
add(host, 'disarm <host...>', {
  help: 'take the leave to install back',
  load: async () => (await import('./cli/host.ts')).disarmCommand,
});
add(host, 'discovered', {
  help: 'the machines that asked for a boot and are in no site',
  load: async () => (await import('./cli/discovered.ts')).discoveredCommand,
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
  load: async () => (await import('./cli/discovered.ts')).enrollCommand,
});
add(host, 'log <host>', {
  help: "what the host's installer and its scripts said; times are UTC",
  options: [
    ['-f, --follow', 'go on with what comes, until Ctrl-C'],
    ['-n, --lines <n>', 'how many of the newest lines (default: 200)'],
  ],
  load: async () => (await import('./cli/host-log.ts')).logCommand,
});
add(host, 'rehearse [hosts...]', {
  help: 'walk whole installs without the machines: loader, boot script, kernel, instructions, checksums, every package; exit 1 on any problem',
  options: [
    ['--all', 'every host of the site'],
    ['--packages', 'list the packages that would be installed'],
  ],
  load: async () => (await import('./cli/rehearse.ts')).rehearseCommand,
});
add(host, 'render <host>', {
  help: 'print what its installer would be told, with placeholders for secrets',
  options: [['--as <form>', 'kickstart, answerfile, pxelinux, ipxe or grub (default: what its installer reads)']],
  load: async () => (await import('./cli/host.ts')).renderCommand,
});

const bundle = add(program, 'bundle [host]', {
  help: "write a host's configuration bundle, or the whole site's",
  options: [
    ['-o, --output <file>', 'where to write (default: NAME.tar.gz; - for standard output)'],
    ['--format <format>', 'tar.gz or zip'],
    ['--with-secrets', 'put the real secrets in; the file is made readable by you only'],
  ],
  load: async () => (await import('./cli/bundle.ts')).bundleCommand,
});

// Both have --site and --data: those behind `diff` are its own.
program.enablePositionalOptions();
bundle.enablePositionalOptions();
add(bundle, 'diff <old> [new]', {
  help: 'what differs between two bundles (tar.gz), or between one and what there is now; exit 1 on any',
  load: async () => (await import('./cli/bundle-diff.ts')).diffCommand,
});

const kickstart = program.command('kickstart').description('kickstarts of your own').exitOverride();
add(kickstart, 'lint <file>', {
  help: 'what is wrong with a kickstart for the release that is to read it; - reads standard input; exit 1 on an error',
  options: [['--for <release>', 'rhel6, rhel6.2, rhel7, rhel8, rhel9 or rhel10; rebuilds alike']],
  load: async () => (await import('./cli/kickstart.ts')).lintCommand,
});

const operator = program.command('operator').description('who may use the page and the API').exitOverride();
const ROLE: readonly [string, string] = ['--role <role>', 'viewer, operator or admin'];
add(operator, 'list', {
  help: 'who may log in',
  load: async () => (await import('./cli/operator.ts')).listOperators,
});
add(operator, 'add <name>', {
  help: 'add an operator; the password is typed unseen, or comes on standard input',
  options: [ROLE],
  load: async () => (await import('./cli/operator.ts')).addOperator,
});
add(operator, 'password <name>', {
  help: 'change a password, and end the sessions of the account',
  load: async () => (await import('./cli/operator.ts')).changePassword,
});
add(operator, 'role <name> <role>', {
  help: 'make an operator a viewer, an operator or an admin',
  load: async () => (await import('./cli/operator.ts')).changeRole,
});
add(operator, 'remove <name>', {
  help: 'remove an operator with its sessions and tokens; the last admin stays',
  load: async () => (await import('./cli/operator.ts')).removeOperator,
});
add(operator, 'invite', {
  help: 'print the set-up link of the first account; it works once, for a day',
  load: async () => (await import('./cli/operator.ts')).inviteCommand,
});
const token = program.command('token').description('API tokens of programs').exitOverride();
add(token, 'list', {
  help: 'the API tokens, without what opens them',
  load: async () => (await import('./cli/operator.ts')).listTokens,
});
add(token, 'add <label>', {
  help: 'make an API token, and print it this once',
  options: [ROLE, ['--days <n>', 'how long it lives; for ever without']],
  load: async () => (await import('./cli/operator.ts')).addToken,
});
add(token, 'remove <id>', {
  help: 'end an API token',
  load: async () => (await import('./cli/operator.ts')).removeToken,
});
const secret = program.command('secret').description('secrets kept outside the site file').exitOverride();
add(secret, 'set <name>', {
  help: 'read a secret from standard input; a plain password for a crypt hash is hashed with --hash',
  options: [['--hash', 'the input is a plain password: keep its $6$ crypt hash']],
  load: async () => (await import('./cli/secret.ts')).setCommand,
});
add(secret, 'list', {
  help: 'the names of the secrets that are set',
  load: async () => (await import('./cli/secret.ts')).listCommand,
});

// `kickstand doctor | head`: who reads no more has seen enough (pipe(7)).
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});

try {
  await program.parseAsync(process.argv);
} catch (error) {
  process.exitCode = await failureCode(error);
}

async function failureCode(error: unknown): Promise<ExitCode> {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  const { explainFailure } = await import('./cli/failure.ts');
  return explainFailure(error);
}
