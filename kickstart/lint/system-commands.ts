// The table's part about the installed system and the installer itself: each command's and option's verdicts by release.

import type { CommandSpec, OptionRow } from './spec.ts';
import { command, secretCommand } from './spec.ts';

const DISPLAY = command('ooooo', [0, 0], [['--ooo', 'flag', '--non-interactive']]);
const END = command(
  'ooooo',
  [0, 0],
  [
    ['ooooo', 'flag', '--eject'],
    ['--ooo', 'flag', '--kexec'],
  ],
);
const PASSWORD: OptionRow = ['ooooo', 'flag', '--iscrypted --plaintext --lock'];

export const SYSTEM_COMMANDS: Readonly<Record<string, CommandSpec>> = {
  auth: command('oodd-', 'any'),
  authconfig: command('oodd-', 'any'),
  authselect: command('--ooo', 'any'),
  autostep: command('oood-', [0, 0], [['ooooo', 'flag', '--autoscreenshot']]),
  cmdline: DISPLAY,
  eula: command('-oooo', [0, 0], [['-oooo', 'flag', '--agreed|--agree|--accepted|--accept']]),
  firewall: command(
    'ooooo',
    [0, 0],
    [
      ['ooooo', 'flag', '--enabled|--enable --disabled|--disable --ftp --http --smtp --ssh'],
      ['ooooo', 'text', '--service --port --trust'],
      ['-oooo', 'text', '--remove-service'],
      ['--ooo', 'flag', '--use-system-defaults'],
      ['d----', 'flag', '--telnet'],
    ],
  ),
  firstboot: command('ooooo', [0, 0], [['ooooo', 'flag', '--enabled|--enable --disabled|--disable --reconfig']]),
  graphical: DISPLAY,
  group: command(
    'ooooo',
    [0, 0],
    [
      ['ooooo', 'text', '--name!'],
      ['ooooo', 'number', '--gid'],
    ],
  ),
  halt: END,
  interactive: command('o----', [0, 0]),
  key: secretCommand('o----', [0, 1], [['o----', 'flag', '--skip']]),
  keyboard: command('ooooo', [0, 1], [['-oooo', 'text', '--vckeymap --xlayouts --switch']]),
  lang: command('ooooo', [1, 1], [['-oooo', 'text', '--addsupport']]),
  langsupport: command('-----', 'any'),
  logging: command(
    'ooooo',
    [0, 0],
    [
      ['ooooo', 'text', '--host --port'],
      ['oood-', { oneOf: ['debug', 'info', 'warning', 'error', 'critical'] }, '--level'],
    ],
  ),
  monitor: command('d----', 'any'),
  mouse: command('-----', 'any'),
  poweroff: END,
  rdp: secretCommand('----o', [0, 0], [['----o', 'text', '--username --password']]),
  realm: secretCommand('-oooo', 'any', []),
  reboot: END,
  rootpw: secretCommand('ooooo', [0, 1], [PASSWORD, ['---oo', 'flag', '--allow-ssh']]),
  selinux: command('ooooo', [0, 0], [['ooooo', 'flag', '--disabled --enforcing --permissive']]),
  services: command('ooooo', [0, 0], [['ooooo', 'text', '--enabled --disabled']]),
  shutdown: END,
  skipx: command('ooooo', [0, 0]),
  sshkey: command('--ooo', [1, 1], [['--ooo', 'text', '--username!']]),
  sshpw: secretCommand('ooooo', [1, 1], [PASSWORD, ['ooooo', 'text', '--username!'], ['--ooo', 'flag', '--sshkey']]),
  text: DISPLAY,
  timesource: command(
    '---oo',
    [0, 0],
    [
      ['---oo', 'text', '--ntp-server --ntp-pool'],
      ['---oo', 'flag', '--ntp-disable --nts'],
    ],
  ),
  timezone: command(
    'ooooo',
    [0, 1],
    [
      ['ooooo', 'flag', '--utc'],
      ['oood-', 'flag', '--isUtc'],
      ['-ood-', 'text', '--ntpservers'],
      ['-ood-', 'flag', '--nontp'],
    ],
  ),
  unsupported_hardware: command('oo---', [0, 0]),
  user: secretCommand(
    'ooooo',
    [0, 0],
    [
      PASSWORD,
      ['ooooo', 'text', '--name! --password --homedir --shell --gecos --groups'],
      ['ooooo', 'number', '--uid'],
      ['-oooo', 'number', '--gid'],
    ],
  ),
  vnc: secretCommand('ooood', [0, 0], [['ooooo', 'text', '--host --port --password']]),
  xconfig: command(
    'ooooo',
    [0, 0],
    [
      ['ooooo', 'text', '--defaultdesktop'],
      ['ooooo', 'flag', '--startxonboot'],
      ['d----', 'text', '--driver --resolution --videoram'],
      ['d----', 'number', '--depth'],
    ],
  ),
};

export const NETWORK_COMMAND: CommandSpec = command(
  'ooooo',
  [0, 0],
  [
    ['ooooo', { oneOf: ['dhcp', 'bootp', 'static', 'query', 'ibft'] }, '--bootproto'],
    ['ooooo', 'text', '--device --ip --netmask --gateway --nameserver --hostname --ipv6 --mtu'],
    ['ooooo', 'text', '--dhcpclass --ethtool --essid --wepkey'],
    ['ooooo', 'boolean', '--onboot'],
    ['ooooo', 'flag', '--nodns --notksdevice --noipv4 --noipv6 --activate --nodefroute'],
    ['loooo', 'text', '--bondslaves --bondopts --vlanid'],
    ['-oooo', 'text', '--wpakey --ipv6gateway --interfacename --bridgeslaves --bridgeopts'],
    ['-oooo', { oneOf: ['mac'] }, '--bindto'],
    ['-oooo', 'flag', '--no-activate'],
    ['-oood', 'text', '--teamslaves --teamconfig'],
    ['---oo', 'text', '--ipv4-dns-search --ipv6-dns-search'],
    ['---oo', 'flag', '--ipv4-ignore-auto-dns --ipv6-ignore-auto-dns'],
  ],
);
