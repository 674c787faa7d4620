// What to write instead of a command or an option that a release does not take, or takes with a warning.

import type { Release } from './release.ts';

/** For releases of a major in `from` to `to`: what to write instead. */
type Remedy = { readonly from: number; readonly to: number; readonly text: string };

const LEAVE_OUT = 'leave it out: it has no effect any more';
const late = (text: string): readonly Remedy[] => [{ from: 8, to: 10, text }];

/** By command, or by command and option. */
const REMEDIES: Readonly<Record<string, readonly Remedy[]>> = {
  install: late('leave it out: url, nfs, cdrom or harddrive alone is enough'),
  upgrade: [{ from: 7, to: 10, text: 'no installer upgrades any more: install anew, or use leapp' }],
  auth: late('authselect select minimal (RHEL 10: local)'),
  authconfig: late('authselect select minimal (RHEL 10: local)'),
  authselect: [{ from: 6, to: 7, text: 'authconfig --enableshadow --passalgo=sha512' }],
  autostep: late(LEAVE_OUT),
  btrfs: late('RHEL has no Btrfs: use xfs or LVM'),
  deviceprobe: late(LEAVE_OUT),
  device: late('the kernel option inst.dd loads drivers'),
  dmraid: late('leave it out: such disks are found by themselves'),
  multipath: late('leave it out: such disks are found by themselves'),
  eula: [{ from: 6, to: 6, text: 'leave it out: firstboot --disabled is enough' }],
  interactive: [{ from: 7, to: 10, text: LEAVE_OUT }],
  key: [{ from: 7, to: 10, text: LEAVE_OUT }],
  langsupport: [{ from: 6, to: 10, text: 'lang --addsupport= (7 and later)' }],
  module: [{ from: 10, to: 10, text: LEAVE_OUT }],
  monitor: [{ from: 6, to: 10, text: LEAVE_OUT }],
  mouse: [{ from: 6, to: 10, text: LEAVE_OUT }],
  reqpart: [{ from: 6, to: 6, text: 'write part lines for /boot, and /boot/efi on UEFI' }],
  sshkey: [{ from: 6, to: 7, text: 'write the key to /root/.ssh/authorized_keys in %post' }],
  timesource: [
    { from: 7, to: 8, text: 'timezone ZONE --ntpservers=a,b' },
    { from: 6, to: 6, text: 'write /etc/ntp.conf in %post' },
  ],
  unsupported_hardware: late(LEAVE_OUT),
  vnc: [{ from: 10, to: 10, text: 'rdp' }],
  rdp: [{ from: 6, to: 9, text: 'vnc' }],
  '%traceback': [{ from: 9, to: 10, text: '%onerror' }],
  'autopart --noboot': [{ from: 6, to: 7, text: 'write part and logvol lines' }],
  'bootloader --boot-drive': [{ from: 6, to: 6, text: '--driveorder=' }],
  'bootloader --lba32': [{ from: 6, to: 10, text: LEAVE_OUT }],
  'bootloader --upgrade': late(LEAVE_OUT),
  'harddrive --biospart': late('--partition='),
  'keyboard --vckeymap': [{ from: 6, to: 6, text: 'keyboard us' }],
  'keyboard --xlayouts': [{ from: 6, to: 6, text: 'keyboard us' }],
  'logging --level': late(LEAVE_OUT),
  'network --teamslaves': [{ from: 10, to: 10, text: '--bondslaves= and --bondopts=' }],
  'network --teamconfig': [{ from: 10, to: 10, text: '--bondslaves= and --bondopts=' }],
  'part --active': late(LEAVE_OUT),
  'partition --active': late(LEAVE_OUT),
  'part --start': [{ from: 6, to: 10, text: '--size=' }],
  'part --end': [{ from: 6, to: 10, text: '--size=' }],
  'part --mkfsoptions': [{ from: 6, to: 6, text: '--fsprofile=' }],
  'repo --ignoregroups': late(LEAVE_OUT),
  'repo --install': [{ from: 6, to: 6, text: 'write a repo file in %post' }],
  'rootpw --allow-ssh': [{ from: 6, to: 8, text: 'leave it out: sshd lets root in by password there' }],
  'timezone --isUtc': late('--utc'),
  'timezone --ntpservers': [
    { from: 9, to: 10, text: 'timesource --ntp-server=, a line for each' },
    { from: 6, to: 6, text: 'write /etc/ntp.conf in %post' },
  ],
  'timezone --nontp': [{ from: 9, to: 10, text: 'timesource --ntp-disable' }],
  '%packages --nobase': [{ from: 7, to: 10, text: 'name @core alone, or an environment like @^minimal' }],
  '%packages --instLangs': late('--inst-langs='),
  '%packages --inst-langs': [{ from: 6, to: 8, text: '--instLangs=' }],
  '%packages --excludeWeakdeps': late('--exclude-weakdeps'),
  '%packages --exclude-weakdeps': [{ from: 8, to: 8, text: '--excludeWeakdeps' }],
};

/** What to write in `release` instead of a command (`install`) or an option (`timezone --isUtc`); undefined where nothing is known. */
export function insteadOf(what: string, { major }: Release): string | undefined {
  const remedies = Object.hasOwn(REMEDIES, what) ? (REMEDIES[what] ?? []) : [];
  return remedies.find(({ from, to }) => from <= major && major <= to)?.text;
}
