// The table's part about where packages come from: each command's and option's verdicts by release.

import type { CommandSpec, OptionRow } from './spec.ts';
import { command, secretCommand } from './spec.ts';

const TLS: OptionRow = ['--ooo', 'text', '--sslcacert --sslclientcert --sslclientkey'];

export const SOURCE_COMMANDS: Readonly<Record<string, CommandSpec>> = {
  bootc: command('----o', [0, 0], [['----o', 'text', '--source-imgref! --target-imgref --stateroot']]),
  cdrom: command('ooooo', [0, 0]),
  driverdisk: command(
    'ooooo',
    [0, 1],
    [
      ['ooooo', 'text', '--source --biospart'],
      ['d----', 'text', '--type'],
    ],
  ),
  harddrive: command(
    'ooooo',
    [0, 0],
    [
      ['ooooo', 'text', '--dir! --partition'],
      ['ooo--', 'text', '--biospart'],
    ],
  ),
  hmc: command('-oooo', [0, 0]),
  install: command('ood--', [0, 0], [['oo---', 'text', '--root-device']]),
  liveimg: command(
    '-oooo',
    [0, 0],
    [
      ['-oooo', 'text', '--url! --proxy --checksum'],
      ['-oooo', 'flag', '--noverifyssl'],
    ],
  ),
  mediacheck: command('ooooo', [0, 0]),
  module: command(
    '--ood',
    [0, 0],
    [
      ['--ooo', 'text', '--name! --stream'],
      ['--ooo', 'flag', '--disable'],
    ],
  ),
  nfs: command('ooooo', [0, 0], [['ooooo', 'text', '--server! --dir! --opts']]),
  ostreecontainer: command(
    '---oo',
    [0, 0],
    [
      ['---oo', 'text', '--url! --stateroot --transport --remote'],
      ['---oo', 'flag', '--no-signature-verification'],
    ],
  ),
  ostreesetup: command(
    '-oooo',
    [0, 0],
    [
      ['-oooo', 'text', '--osname! --url! --ref! --remote'],
      ['-oooo', 'flag', '--nogpg'],
    ],
  ),
  repo: command(
    'ooooo',
    [0, 0],
    [
      ['ooooo', 'text', '--name! --baseurl --mirrorlist --proxy --excludepkgs --includepkgs'],
      ['ooooo', 'number', '--cost'],
      ['ooooo', 'flag', '--noverifyssl'],
      ['-oooo', 'flag', '--install'],
      ['--ooo', 'text', '--metalink'],
      TLS,
      ['oood-', 'boolean', '--ignoregroups'],
    ],
  ),
  rescue: command('ooooo', [0, 0], [['ooooo', 'flag', '--nomount --romount']]),
  rhsm: secretCommand(
    '--ooo',
    [0, 0],
    [
      ['--ooo', 'text', '--organization! --activation-key! --proxy --server-hostname --rhsm-baseurl'],
      ['--ooo', 'flag', '--connect-to-insights'],
    ],
  ),
  syspurpose: command('--ooo', [0, 0], [['--ooo', 'text', '--role --sla --usage --addon']]),
  updates: command('ooooo', [0, 1]),
  upgrade: command('od---', [0, 0], [['oo---', 'text', '--root-device']]),
  url: command(
    'ooooo',
    [0, 0],
    [
      ['ooooo', 'text', '--url --proxy'],
      ['ooooo', 'flag', '--noverifyssl'],
      ['-oooo', 'text', '--mirrorlist'],
      ['--ooo', 'text', '--metalink'],
      TLS,
    ],
  ),
};
