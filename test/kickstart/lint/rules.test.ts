// What lint says of whole kickstarts: each row is a change of a good one, and all that is found then.

import { describe, expect, test } from 'vitest';
import { lintKickstart } from '../../../kickstart/lint/lint.ts';
import type { Release } from '../../../kickstart/lint/release.ts';
import { ROOT_HASH } from '../../support/installs.ts';

const RHEL9: Release = { major: 9, minor: undefined };
const RHEL8: Release = { major: 8, minor: undefined };
const RHEL6: Release = { major: 6, minor: undefined };

const GOOD = `text
url --url=http://192.0.2.1/tree/
lang en_US.UTF-8
keyboard us
timezone --utc Europe/Berlin
network --bootproto=static --device=eth0 --ip=192.0.2.9 --netmask=255.255.255.0 --gateway=192.0.2.1 --nameserver=192.0.2.1
rootpw --iscrypted ${ROOT_HASH}
ignoredisk --only-use=sda,sdb
zerombr
clearpart --all --initlabel --drives=sda,sdb
bootloader --location=mbr
part raid.01 --size=1024 --ondisk=sda
part raid.02 --size=1024 --ondisk=sdb
part raid.11 --size=1 --grow --ondisk=sda
part raid.12 --size=1 --grow --ondisk=sdb
raid /boot --device=md0 --level=RAID1 --fstype=ext4 raid.01 raid.02
raid pv.01 --device=md1 --level=RAID1 raid.11 raid.12
volgroup system pv.01
logvol swap --vgname=system --name=swap --recommended
logvol / --vgname=system --name=root --size=4096 --grow --fstype=xfs
reboot
%packages
@core
%end
%post
echo done
%end
`;

/** The good kickstart with one piece replaced; the piece has to be there. */
function but(piece: string, by: string): string {
  if (!GOOD.includes(piece)) throw new Error(`not there: ${piece}`);
  return GOOD.replace(piece, () => by);
}

function without(line: string): string {
  return but(`${line}\n`, '');
}

function said(text: string, release: Release): readonly string[] {
  return lintKickstart(text, release).map(({ line, severity, message }) => `${line} ${severity} ${message}`);
}

test.each<[string, Release]>([
  ['9', RHEL9],
  ['8', RHEL8],
  ['6', RHEL6],
])('the good kickstart is good for %s', (_name, release) => {
  expect(lintKickstart(GOOD, release)).toEqual([]);
});

describe('one change and all that is found (RHEL 9)', () => {
  test.each<[string, string, ...string[]]>([
    // The parser's.
    ['an unknown command', but('text\n', 'txt\n'), '1 error there is no command txt'],
    ['a removed command', but('text\n', 'install\n'), '1 error RHEL 9 has no install: RHEL 9 removed it'],
    ['a newer command', but('text\n', 'bootc --source-imgref=a\n'), '1 error RHEL 9 has no bootc: RHEL 10 brought it'],
    ['a deprecated command', but('text\n', 'authconfig --x\n'), '1 deprecated authconfig is deprecated in RHEL 9'],
    ['an unknown option', but('--initlabel', '--initlable'), '10 error clearpart has no option --initlable'],
    [
      'a removed option',
      but('--location=mbr', '--upgrade'),
      '11 error RHEL 9 has no bootloader --upgrade: RHEL 9 removed it',
    ],
    ['a deprecated option', but('--utc', '--isUtc'), '5 deprecated timezone --isUtc is deprecated in RHEL 9'],
    ['a short option', but('--initlabel', '--init'), '10 warning --init is taken for --initlabel'],
    ['a short option of two', but('--initlabel', '--li'), '10 error --li could be --linux or --list'],
    ['an option without its value', but(' --device=eth0', ' --device'), '6 error --device needs a value'],
    ['a flag with a value', but('--initlabel', '--initlabel=gpt'), '10 error --initlabel takes no value'],
    ['no number', but('--size=4096', '--size=4G'), '20 error --size takes a whole number'],
    [
      'an unknown RAID level',
      but('--level=RAID1 --fstype', '--level=RAID7 --fstype'),
      '16 error --level takes RAID0, 0, RAID1, 1, RAID4, 4, RAID5, 5, RAID6, 6, RAID10, 10, not "RAID7"',
    ],
    ['a quote that is not closed', but('us\n', '"us\n'), '4 error a quotation that begins here is not closed'],
    ['an %end too much', but('reboot\n', 'reboot\n%end\n'), '22 error this %end closes no section'],
    ['a %post without %end', but('done\n%end\n', 'done\n'), '25 error %post does not end with %end'],
    ['a %packages without %end', but('@core\n%end\n', '@core\n'), '22 error %packages does not end with %end'],
    ['an unknown section', but('%post\n', '%posts\n'), '25 error there is no section %posts'],
    [
      'autopart beside part',
      but('reboot\n', 'autopart\nreboot\n'),
      '21 error autopart cannot stand beside part of line 12',
    ],
    [
      'both ways of %packages',
      but('%packages\n', '%packages --default --nocore\n'),
      '22 error %packages takes only one of --default and --nocore',
    ],
    ['a %include of nothing', but('reboot\n', 'reboot\n%include\n'), '22 error %include names no file'],
    // What is missing.
    [
      'no root password',
      without(`rootpw --iscrypted ${ROOT_HASH}`),
      '26 warning no rootpw: the installer stops and asks for a root password',
    ],
    [
      'no end',
      without('reboot'),
      '26 warning no reboot, poweroff, shutdown or halt: the installer waits for a key at its end',
    ],
    ['no boot loader', without('bootloader --location=mbr'), '26 warning no bootloader: its place is left to chance'],
    [
      'no time zone',
      without('timezone --utc Europe/Berlin'),
      '26 warning no timezone: the installer stops and asks for it',
    ],
    [
      'no packages',
      but('%packages\n@core\n%end\n', ''),
      '24 warning no %packages: the installer stops and asks what to install',
    ],
    ['two ends', but('reboot\n', 'reboot\nhalt\n'), '22 warning only this halt counts: another end stands above'],
    ['two sources', but('lang', 'cdrom\nlang'), '3 warning only this cdrom counts: another source stands above'],
    // Passwords.
    [
      'plain text for a hash',
      but(ROOT_HASH, 'secret'),
      '7 error rootpw --iscrypted is no crypt hash: nobody can log in with it',
    ],
    [
      'a hash for plain text',
      but('--iscrypted', '--plaintext'),
      '7 error rootpw takes this crypt hash for the password itself',
    ],
    [
      'half a hash',
      but(ROOT_HASH, ROOT_HASH.slice(0, 60)),
      '7 warning the crypt hash of rootpw is not whole, or not of its form',
    ],
    [
      'an old hash',
      but(ROOT_HASH, `$1$saltsalt$${'a'.repeat(22)}`),
      '7 warning RHEL 9 does not check a password hashed like this',
    ],
    [
      "a user's plain text",
      but('reboot\n', 'user --name=a --iscrypted --password=b\nreboot\n'),
      '21 error user --iscrypted is no crypt hash: nobody can log in with it',
    ],
    ['root locked', but(`--iscrypted ${ROOT_HASH}`, '--lock'), '7 warning root is locked, and nobody else can log in'],
    // Disks.
    [
      'a disk too many in clearpart',
      but('--drives=sda,sdb', '--drives=sda,sdb,sdc'),
      '10 error clearpart wipes "sdc", which ignoredisk keeps the installer from',
    ],
    [
      'a disk that clearpart forgets',
      but('--drives=sda,sdb', '--drives=sda'),
      '10 warning clearpart leaves "sdb" as it is: there may be no room on it',
    ],
    [
      'a partition elsewhere',
      but('--grow --ondisk=sdb', '--grow --ondisk=sdc'),
      '15 error "sdc" is not for the installer: ignoredisk says so',
    ],
    [
      'a boot disk elsewhere',
      but('--location=mbr', '--boot-drive=sdc'),
      '11 error "sdc" is not for the installer: ignoredisk says so',
    ],
    [
      'a partition with no disk',
      but('part raid.01 --size=1024 --ondisk=sda', 'part raid.01 --size=1024'),
      '12 warning this partition names no disk: the installer takes one of several',
    ],
    // How storage fits together.
    [
      'a member of no part',
      but('raid.11 raid.12\n', 'raid.11 raid.13\n'),
      '15 warning raid.12 is used by no raid line',
      '17 error raid.13 is defined by no part line',
    ],
    [
      'a part of no raid',
      but('reboot\n', 'part raid.31 --size=1 --ondisk=sda\nreboot\n'),
      '21 warning raid.31 is used by no raid line',
    ],
    [
      'a member used twice',
      but('volgroup system pv.01\n', 'volgroup system pv.01 pv.01\n'),
      '18 error pv.01 is used already in line 18',
    ],
    [
      'too few members',
      but('--level=RAID1 raid.11', '--level=RAID10 raid.11'),
      '17 error RAID10 needs 4 members that are no spares, and has 2',
    ],
    [
      'spares that leave too few',
      but('--level=RAID1 raid.11', '--spares=1 --level=RAID1 raid.11'),
      '17 error RAID1 needs 2 members that are no spares, and has 1',
    ],
    [
      'two members on one disk',
      but('--size=1024 --ondisk=sdb', '--size=1024 --ondisk=sda'),
      '16 warning two members of this RAID are on sda: with it both are lost',
    ],
    ['a volume of no group', but('/ --vgname=system', '/ --vgname=sytem'), '20 error no volgroup makes sytem'],
    ['a volume without a size', but(' --size=4096 --grow', ''), '20 error this logvol has no size'],
    [
      'a volume as a second /boot',
      but('logvol swap', 'logvol /boot'),
      '19 error mount point /boot is made already in line 16',
      '19 error /boot cannot be a logical volume: no boot loader of RHEL 9 is installed to one',
    ],
    ['no root', but('logvol / ', 'logvol /srv '), '12 error no line makes a root file system (/)'],
    ['an unknown file system', but('--fstype=ext4', '--fstype=ext5'), '16 warning "ext5" is no known file system'],
    [
      'more than the most',
      but('--size=4096 --grow', '--size=4096 --grow --maxsize=5'),
      '20 error --maxsize is less than --size',
    ],
    [
      'encryption that asks',
      but('--size=4096', '--size=4096 --encrypted'),
      '20 warning without --passphrase the installer may stop and ask for one',
    ],
    [
      'a partition without a size',
      but('reboot\n', 'part /srv --ondisk=sda\nreboot\n'),
      '21 warning this partition has no size: the installer makes one up',
    ],
    // Network.
    ['static without an address', but(' --ip=192.0.2.9', ''), '6 error a static network line needs --ip'],
    ['an address that is none', but('--ip=192.0.2.9', '--ip=192.0.2.999'), '6 error network --ip is no IPv4 address'],
    ['a netmask that is none', but('255.255.255.0', '255.0.255.0'), '6 error network --netmask is no netmask'],
    [
      'a gateway elsewhere',
      but('--gateway=192.0.2.1', '--gateway=192.0.3.1'),
      '6 warning the gateway is not in the network of --ip and --netmask',
    ],
    [
      'an unknown way to an address',
      but('--bootproto=static', '--bootproto=pppoe'),
      '6 error --bootproto takes dhcp, bootp, static, query, ibft, not "pppoe"',
    ],
    ['a VLAN too high', but('--device=eth0', '--device=eth0 --vlanid=5000'), '6 error network --vlanid is 1 to 4094'],
    [
      'a second open device',
      but('rootpw', 'network --bootproto=dhcp\nrootpw'),
      '7 warning only the first network line may leave its device open',
    ],
    // Sections.
    ['a package excluded and named', but('@core\n', 'vim\n-vim\n'), '24 warning vim is both named and excluded'],
    ['an option of no group', but('@core\n', '@core --all\n'), '23 error a group has no option --all'],
    [
      'two packages on a line',
      but('@core\n', 'vim less\n'),
      '23 warning a line names one package: blanks are taken for a part of its name',
    ],
    [
      'an interpreter by name',
      but('%post\n', '%post --interpreter=bash\n'),
      '25 error --interpreter is no absolute path',
    ],
    ['an empty script', but('echo done\n', ''), '25 warning %post is empty'],
    [
      'Windows line ends',
      but('echo done\n', 'echo done\r\n'),
      '26 warning lines end with carriage returns, which shells take for part of each command',
    ],
    [
      'a comment inside a word',
      but('tree/\n', 'tree/#1\n'),
      '2 warning a # begins a comment even inside a word: the rest of the line is not read',
    ],
  ])('%s', (_name, text, ...findings) => {
    expect(said(text, RHEL9)).toEqual(findings);
  });
});

describe('one change and all that is found (RHEL 6)', () => {
  test.each<[string, string, string]>([
    [
      'an option of later releases',
      but('--initlabel', '--disklabel=gpt'),
      '10 error RHEL 6 has no clearpart --disklabel: RHEL 7 brought it',
    ],
    ['a RAID by name', but('--device=md1', '--device=pv'), '17 error RHEL 6 knows RAID devices by number alone'],
    [
      'a RAID10 of two',
      but('--level=RAID1 raid.11', '--level=RAID10 raid.11'),
      '17 warning RAID10 of 2 members is a RAID1',
    ],
    ['/boot on RAID0', but('--level=RAID1 --fstype', '--level=RAID0 --fstype'), '16 error /boot can be on RAID1 alone'],
    [
      'an environment',
      but('@core\n', '@^minimal\n'),
      '23 warning RHEL 6 has no environments: this names a group that is nowhere',
    ],
    ['no keyboard', without('keyboard us'), '26 warning no keyboard: the installer stops and asks for it'],
    ['no zerombr', without('zerombr'), '9 warning without zerombr the installer stops and asks at a blank disk'],
    [
      'a repo without a place',
      but('reboot\n', 'repo --name=a\nreboot\n'),
      '21 error repo needs one of --baseurl, --mirrorlist',
    ],
  ])('%s', (_name, text, finding) => {
    expect(said(text, RHEL6)).toEqual([finding]);
  });
});

describe('what is there but unseen', () => {
  test('an included file may bring what is missing', () => {
    const text = without('reboot').replace('%packages', '%include /tmp/rest.ks\n%packages');
    expect(said(text, RHEL9)).toEqual([
      '27 warning no reboot, poweroff, shutdown or halt: the installer waits for a key at its end; does an included file bring it?',
    ]);
  });

  test('and define a member', () => {
    const text = without('part raid.12 --size=1 --grow --ondisk=sdb').replace(
      '%packages',
      '%include /tmp/rest.ks\n%packages',
    );
    expect(said(text, RHEL9)).toEqual(['16 warning raid.12 is defined by no part line; does an included file?']);
  });

  test('what a section includes brings no command', () => {
    expect(said(without('reboot').replace('echo done', '%include /tmp/rest.sh'), RHEL9)).toEqual([
      '24 warning %post is empty',
      '26 warning no reboot, poweroff, shutdown or halt: the installer waits for a key at its end',
    ]);
  });

  test('where the installer has one disk, no partition needs to name it', () => {
    const one = `ignoredisk --only-use=vda\nclearpart --all --drives=vda\npart /boot --size=9 --ondisk=vda\npart / --size=9\n`;
    const text = GOOD.replace(/ignoredisk[^]*(?=reboot)/, () => `bootloader\n${one}`);
    expect(said(text, RHEL9)).toEqual([]);
    expect(said(text.replace('--only-use=vda', '--only-use=vda,vdb'), RHEL9)).toEqual([
      '10 warning clearpart leaves "vdb" as it is: there may be no room on it',
      '12 warning this partition names no disk: the installer takes one of several',
    ]);
  });

  test('patterns of disks are left open', () => {
    expect(
      said(but('--only-use=sda,sdb', '--only-use=sd*').replaceAll(/--ondisk=sd./g, '--ondisk=vda'), RHEL9),
    ).not.toContain('12 error "vda" is not for the installer: ignoredisk says so');
  });

  test('a script may hold anything but a known section', () => {
    expect(said(but('echo done\n', '%x\n  %{name}\nrootpw "\n# %post\n'), RHEL9)).toEqual([]);
    expect(said(but('echo done\n', 'cat <<X\n%packages\nX\n'), RHEL9)).toContain(
      '25 error %post does not end with %end',
    );
  });
});

test.each<[string]>([
  ['rootpw --iscrypted --lock locked\nuser --name=a\n'],
  ['rootpw --iscrypted !!\n'],
  ['rootpw --plaintext secret\n'],
  [`user --name=a --groups=wheel,users --iscrypted --password=${ROOT_HASH}\nrootpw --iscrypted *\n`],
  [`rootpw ${ROOT_HASH} --iscrypted --allow-ssh\nsshpw --username=root --sshkey "ssh-ed25519 AAAA a@b"\n`],
])('accounts as they are often written have nothing to mend: %j', (lines) => {
  expect(said(but(`rootpw --iscrypted ${ROOT_HASH}\n`, lines), RHEL9)).toEqual([]);
});

test('remedies tell what to write', () => {
  const remedy = (text: string, release: Release): string | undefined => lintKickstart(text, release)[0]?.remedy;
  expect(remedy(but('--utc', '--isUtc'), RHEL9)).toBe('--utc');
  expect(remedy(but('--utc', '--ntpservers=a'), RHEL9)).toBe('timesource --ntp-server=, a line for each');
  expect(remedy(but('text\n', 'timesource --ntp-server=a\n'), RHEL8)).toBe('timezone ZONE --ntpservers=a,b');
  expect(remedy(but('text\n', 'txt\n'), RHEL9)).toBe('did you mean text?');
  expect(remedy(but('--initlabel', '--initlable'), RHEL9)).toBe('did you mean --initlabel?');
});
