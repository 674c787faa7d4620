#!/bin/bash
# The lab's own installer (it stands in for anaconda): disks, packages by the real dnf, scripts and a boot sector, as the kickstart says.
# What it cannot do as the kickstart says, it says so; a command it does not know ends it. Only disks that the kickstart names are ever
# written to.

tree=$1
ks=/tmp/ks.cfg
root=/mnt/sysimage

# ── its log: to the console, and to whom the kernel's arguments name, over TCP ──
listener=$(tr ' ' '\n' </proc/cmdline | sed -n 's/^\(inst[.]\)\{0,1\}syslog=//p' | tail -n 1)
[[ -z $listener ]] || { exec 7>"/dev/tcp/${listener%:*}/${listener##*:}"; } 2>/dev/null || listener=''
say() {
  echo "kickstand-lab: $*"
  [[ -z $listener ]] || echo "<14>$(date '+%b %e %H:%M:%S') lab anaconda: $*" >&7
}
fail() { say "installation failed: $*"; exit 1; }

# ── reading the kickstart ──
sections=/tmp/sections
mkdir -p $sections
number=0 section=''
while IFS= read -r line || [[ -n $line ]]; do
  if [[ -z $section && $line =~ ^%(pre|post|packages)([[:space:]].*)?$ ]]; then
    section=$(printf '%s/%02d-%s' $sections $((++number)) "${BASH_REMATCH[1]}")
    echo "$line" >"$section.head"
    : >"$section"
  elif [[ $line =~ ^%end[[:space:]]*$ ]]; then
    section=''
  elif [[ -n $section ]]; then
    printf '%s\n' "$line" >>"$section"
  elif [[ ! $line =~ ^[[:space:]]*(#|$) ]]; then
    printf '%s\n' "$line" >>/tmp/commands
  fi
done <$ks
[[ -z $section ]] || fail "a section has no %end"

option() { # NAME LINE: the value of --NAME=value or --NAME value
  [[ $2 =~ (^|[[:space:]])--$1(=|[[:space:]]+)\"?([^\"[:space:]]+) ]] && echo "${BASH_REMATCH[3]}"
}
has() { [[ $2 =~ (^|[[:space:]])--$1(=|[[:space:]]|$) ]]; }
lines() { grep -E "^$1([[:space:]]|$)" /tmp/commands; }

run_script() { # FILE CHROOT: a %pre or %post with its --interpreter, --log and --erroronfail
  local head interpreter log status
  head=$(cat "$1.head")
  interpreter=$(option interpreter "$head") || interpreter=/bin/sh
  log=$(option log "$head") || log=/tmp/ks-script.log
  mkdir -p "$2/tmp" "$(dirname "$2$log")"
  cp "$1" "$2/tmp/ks-script-lab"
  chmod 700 "$2/tmp/ks-script-lab"
  chroot "${2:-/}" "$interpreter" /tmp/ks-script-lab >"$2$log" 2>&1
  status=$?
  sed 's/^/    /' "$2$log"
  rm -f "$2/tmp/ks-script-lab"
  [[ $status == 0 ]] || tail -n 40 "$2"/root/*.log 2>/dev/null
  say "${head%% *} ended with $status"
  [[ $status == 0 ]] || ! has erroronfail "$head" || fail "${head%% *} says --erroronfail"
}

for script in "$sections"/*-pre; do
  [[ -e $script ]] && run_script "$script" ''
done

# A file that %pre writes and the commands include: without it there is no install, as with anaconda.
while read -r _ included; do
  [[ -r $included ]] || fail "%include $included: there is no such file"
  grep -vE '^[[:space:]]*(#|$)' "$included" >>/tmp/included
done < <(grep '^%include' /tmp/commands)
[[ ! -e /tmp/included ]] || cat /tmp/included >>/tmp/commands

known=' auth authconfig authselect bootloader clearpart eula firewall firstboot ignoredisk install keyboard lang logvol network part partition raid reboot repo reqpart rootpw selinux services skipx text timezone url user volgroup zerombr %include '
while read -r command _; do
  [[ $known == *" $command "* ]] || fail "unknown command: $command"
done </tmp/commands

. /installer/storage.sh
. /installer/packages.sh
. /installer/system.sh

# ── the kickstart's scripts ──
for script in "$sections"/*-post; do
  [[ -e $script ]] || continue
  if has nochroot "$(cat "$script.head")"; then run_script "$script" ''; else run_script "$script" $root; fi
done

# ── the boot sector: its code only, the partition table behind it stays ──
dd if=/installer/boot-sector of="/dev/$boot_disk" bs=440 count=1 conv=notrunc status=none || fail "cannot write the boot sector"
for directory in dev proc sys; do umount "$root/$directory"; done
sort -r /tmp/fstab.plan | while read -r mount type _; do [[ $type == swap ]] || umount "$root${mount%/}" || umount -l "$root${mount%/}"; done
sync
say "installation complete"
