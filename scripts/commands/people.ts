// The commands on who may do what and who did, and on secrets.

import type { Command } from 'commander';
import type { Add } from '../cli/command.ts';

/** Adds `operator`, `token`, `secret` and `audit` below `program`. */
export function peopleCommands(program: Command, add: Add): void {
  operatorCommands(program, add);
  tokenCommands(program, add);
  secretCommands(program, add);
  add(program, 'audit', {
    help: 'what was changed, by whom and from where, newest first',
    options: [
      ['-n, --limit <n>', 'how many at most (default: 50)'],
      ['--who <text>', 'only of who is called so, or in part'],
      ['--operation <text>', 'only what is called so, or in part: armHost, saveSite …'],
      ['--target <text>', 'only on what has this in its name or path'],
      ['--done', 'only what was done'],
      ['--refused', 'only what was refused'],
    ],
    load: async () => (await import('../cli/audit.ts')).auditCommand,
  });
}

const ROLE: readonly [string, string] = ['--role <role>', 'viewer, operator or admin'];

function operatorCommands(program: Command, add: Add): void {
  const operator = program.command('operator').description('who may use the page and the API').exitOverride();
  add(operator, 'list', {
    help: 'who may log in',
    load: async () => (await import('../cli/operator.ts')).listOperators,
  });
  add(operator, 'add <name>', {
    help: 'add an operator; the password is typed unseen, or comes on standard input',
    options: [ROLE],
    load: async () => (await import('../cli/operator.ts')).addOperator,
  });
  add(operator, 'password <name>', {
    help: 'change a password, and end the sessions of the account',
    load: async () => (await import('../cli/operator.ts')).changePassword,
  });
  add(operator, 'role <name> <role>', {
    help: 'make an operator a viewer, an operator or an admin',
    load: async () => (await import('../cli/operator.ts')).changeRole,
  });
  add(operator, 'remove <name>', {
    help: 'remove an operator with its sessions and tokens; the last admin stays',
    load: async () => (await import('../cli/operator.ts')).removeOperator,
  });
  add(operator, 'invite', {
    help: 'print the set-up link of the first account; it works once, for a day',
    load: async () => (await import('../cli/operator.ts')).inviteCommand,
  });
}

function tokenCommands(program: Command, add: Add): void {
  const token = program.command('token').description('API tokens of programs').exitOverride();
  add(token, 'list', {
    help: 'the API tokens, without what opens them',
    load: async () => (await import('../cli/operator.ts')).listTokens,
  });
  add(token, 'add <label>', {
    help: 'make an API token, and print it this once',
    options: [ROLE, ['--days <n>', 'how long it lives; for ever without']],
    load: async () => (await import('../cli/operator.ts')).addToken,
  });
  add(token, 'remove <id>', {
    help: 'end an API token',
    load: async () => (await import('../cli/operator.ts')).removeToken,
  });
}

function secretCommands(program: Command, add: Add): void {
  const secret = program.command('secret').description('secrets kept outside the site file').exitOverride();
  add(secret, 'set <name>', {
    help: 'read a secret from standard input; a plain password for a crypt hash is hashed with --hash',
    options: [['--hash', 'the input is a plain password: keep its $6$ crypt hash']],
    load: async () => (await import('../cli/secret.ts')).setCommand,
  });
  add(secret, 'list', {
    help: 'the names of the secrets that are set',
    load: async () => (await import('../cli/secret.ts')).listCommand,
  });
}
