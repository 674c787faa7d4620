// The operator's command line: one tree of commands. Each is loaded when it is called, so that --help answers at once.

import { Command, CommanderError } from 'commander';
import { capacityFlags } from '../server/site/capacity-flags.ts';
import { version } from '../server/version.ts';
import { apiFlags } from './cli/api-flags.ts';
import { addCommand as add } from './cli/command.ts';
import type { ExitCode } from './cli/output.ts';
import { contentCommands } from './commands/content.ts';
import { hostCommands } from './commands/hosts.ts';
import { peopleCommands } from './commands/people.ts';

const program = new Command('kickstand');
program
  .description(
    'An offline installer appliance: mirrors repositories and install trees, and installs machines over the network.',
  )
  .version(version)
  .showSuggestionAfterError()
  .exitOverride();

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
add(site, 'history', {
  help: 'what the site file said before: when it was changed, by whom and with what',
  load: async () => (await import('./cli/site-history.ts')).historyCommand,
});
add(site, 'diff <version>', {
  help: 'what a version of the site file changed',
  options: [['--now', 'what putting it back would change']],
  load: async () => (await import('./cli/site-history.ts')).diffCommand,
});
add(site, 'undo [version]', {
  help: 'put the version before the last change back, or the one that is named; exit 1 where it has problems',
  load: async () => (await import('./cli/site-history.ts')).undoCommand,
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

contentCommands(program, add);
hostCommands(program, add);
add(program, 'events', {
  help: 'what happened by itself, newest first: to hosts, in syncs and jobs, to the site file, on the wire',
  options: [
    ['-n, --limit <n>', 'how many at most (default: 50)'],
    ['--about <name>', 'only about the host, repo or tree that is called so, or in part'],
    ['--kind <kind>', 'only of host, sync, job, site or dhcp (other servers that were heard)'],
    ['--wrong', 'only what somebody should look after'],
    ...apiFlags,
  ],
  load: async () => (await import('./cli/events.ts')).eventsCommand,
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

peopleCommands(program, add);

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
