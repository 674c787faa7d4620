// The part of %post that puts the network where the site wants it in a UEFI machine's boot order.

import type { Install } from '../../server/domain.ts';

/**
 * Shell text that, on a UEFI machine, puts the entry this installation was booted by first (`network-first`), or behind the
 * disk's (`disk-first`): the installer has put its own entry before all others, and the machine would never ask the network
 * again. Entries change places; none is deleted or made. Whatever fails is reported as `post-bootorder` and ends nothing.
 *
 * It runs in the installed system: there the installer itself called efibootmgr to make its entry, so the package is there.
 * efibootmgr's lines: `BootCurrent: 0003`, `BootOrder: 0000,0003`, `Boot0003* NAME<tab>DEVICE PATH`; the path by `-v`, and
 * from version 18 on always. It needs `report`.
 */
export function bootOrder({ boot, host }: Install): string {
  const macs = host.macs.map((mac) => mac.replaceAll(':', ''));
  return `${FUNCTIONS}
if [ -d /sys/firmware/efi ]; then put_network ${boot.order} '${macs.join('|')}'; fi
`;
}

const FUNCTIONS = `# told WORDS: writes down and reports how the boot order stands, in words that may stand in a URL.
told() {
  echo "boot order: $1"
  report post-bootorder "\${1// /+}"
}

# read_entries: takes efibootmgr's answer apart into current, order, networks and disks (numbers in their order).
read_entries() {
  current='' order='' networks='' disks='' lines=''
  listed=$(efibootmgr -v 2>&1) || return 1
  while IFS= read -r line; do
    case $line in
      BootCurrent:*) current=\${line#*: } ;;
      BootOrder:*) order=\${line#*: } ;;
      Boot[0-9A-Fa-f][0-9A-Fa-f][0-9A-Fa-f][0-9A-Fa-f]\\**) lines="$lines$line
" ;;
    esac
  done <<LISTED
$listed
LISTED
  [ -n "$order" ] || return 1
  for number in \${order//,/ }; do
    entry=$(entry_of "$number")
    if is_network "$entry"; then networks="$networks $number"; fi
    case $entry in *HD\\(*) disks="$disks $number" ;; esac
  done
}

# entry_of NUMBER: its line, where it is active.
entry_of() {
  while IFS= read -r line; do
    case $line in "Boot$1*"*) echo "$line"; return ;; esac
  done <<LINES
$lines
LINES
}

# is_network ENTRY: by its device path; where that is the vendor's own, by its name. A disk reached over the network is a disk.
is_network() {
  case $1 in '' | *HD\\(* | *iSCSI\\(* | *File\\(* | *BBS\\(*) return 1 ;; esac
  case $1 in *MAC\\(* | *MacAddr\\(* | *IPv4\\(* | *IPv6\\(* | *Uri\\(*) return 0 ;; esac
  case \${1%%$'\\t'*} in *PXE* | *HTTP* | *NIC* | *Network* | *NETWORK*) return 0 ;; esac
  return 1
}

# network_entry MACS: the entry that was booted; where that was none, this machine's own card; where none shows, the first.
network_entry() {
  if is_network "$(entry_of "$current")"; then echo "$current"; return; fi
  shopt -s nocasematch
  for number in $networks; do
    if [[ $(entry_of "$number") =~ ($1) ]]; then echo "$number"; shopt -u nocasematch; return; fi
  done
  shopt -u nocasematch
  set -- $networks
  echo "$1"
}

# disk_entry: the entry on the EFI system partition of this system; where that does not show, the first disk.
disk_entry() {
  partition=
  while read -r source place _; do
    [ "$place" = /boot/efi ] && partition=$source
  done </proc/mounts
  uuid=
  if [ -n "$partition" ]; then uuid=$(blkid -p -o udev "$partition" 2>/dev/null | sed -n 's/^ID_PART_ENTRY_UUID=//p'); fi
  for number in $disks; do
    case $(entry_of "$number") in *"\${uuid:-no partition}"*) echo "$number"; return ;; esac
  done
  set -- $disks
  echo "$1"
}

# put_network network-first|disk-first MACS
put_network() {
  if ! command -v efibootmgr >/dev/null 2>&1; then told 'warning: unchanged: there is no efibootmgr'; return 0; fi
  if ! read_entries; then told 'warning: unchanged: efibootmgr cannot read the boot order'; return 0; fi
  network=$(network_entry "$2")
  if [ -z "$network" ]; then told 'warning: unchanged: the firmware lists no network entry'; return 0; fi
  first=$network
  if [ "$1" = disk-first ]; then
    disk=$(disk_entry)
    if [ -z "$disk" ]; then told 'warning: unchanged: the firmware lists no disk entry'; return 0; fi
    first="$disk $network"
  fi
  wanted=
  for number in $first \${order//,/ }; do
    case ,$wanted, in *",$number,"*) ;; *) wanted="\${wanted:+$wanted,}$number" ;; esac
  done
  before=$order
  if [ "$wanted" != "$before" ] && ! efibootmgr -q -o "$wanted"; then
    told "warning: unchanged: efibootmgr could not set $wanted"
    return 0
  fi
  if read_entries && [ "$order" = "$wanted" ]; then
    told "$1: $wanted, was $before"
  else
    told "warning: the firmware keeps $order and not $wanted"
  fi
  return 0
}
`;
