#!/bin/bash
# The lab's own installer (it stands in for anaconda): disks, packages by the real dnf, scripts and a boot sector, as the kickstart says.
# It reads: %include, ignoredisk, clearpart, part, raid, volgroup, logvol, url, repo, %packages, %pre, %post. RAID and LVM become plain partitions on
# one disk, and it says so. Only a disk that the kickstart names is ever written to.

tree=$1
ks=/tmp/ks.cfg
root=/mnt/sysimage
say() { echo "kickstand-lab: $*"; }
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
  cp "$1" "$2/tmp/ks-script"
  chmod 700 "$2/tmp/ks-script"
  chroot "${2:-/}" "$interpreter" /tmp/ks-script >"$2$log" 2>&1
  status=$?
  sed 's/^/    /' "$2$log"
  rm -f "$2/tmp/ks-script"
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

# ── disks ──
drives=$(option drives "$(lines clearpart)") || drives=$(option only-use "$(lines ignoredisk)") || drives=''
lines clearpart | grep -qE -- '--(all|linux)' || fail "the kickstart clears no disk"
[[ -n $drives ]] || fail "the kickstart names no disk to clear: this installer never takes all of them"
disk=${drives%%,*}
[[ -b /dev/$disk ]] || fail "there is no disk /dev/$disk"
[[ $drives == "$disk" ]] || say "disks $drives: only $disk is used, mirrors and volumes become plain partitions on it"

declare -A member # raid.NN and pv.NN on our disk → "size grow"
plan=()           # mountpoint fstype size grow
while read -r line; do
  read -r _ mount _ <<<"$line"
  size=$(option size "$line") || size=1
  grow=0; has grow "$line" && grow=1
  has recommended "$line" && size=512
  type=$(option fstype "$line") || type=ext4
  [[ $mount == swap ]] && type=swap
  on=$(option ondisk "$line") || on=$disk
  [[ ",$drives," == *",$on,"* ]] || fail "part $mount is on $on, which the kickstart does not clear"
  if [[ $mount == raid.* || $mount == pv.* ]]; then member[$mount]="$size $grow"
  elif [[ $on == "$disk" ]]; then plan+=("$mount $type $size $grow"); fi
done < <(lines part; lines partition)
while read -r line; do
  read -r _ mount rest <<<"$line"
  first=$(grep -oE '(raid)\.[0-9A-Za-z]+' <<<"$rest" | head -n 1)
  type=$(option fstype "$line") || type=ext4
  [[ $mount == swap ]] && type=swap
  say "$(option level "$line") $mount is made as a plain partition"
  if [[ $mount == pv.* ]]; then member[$mount]=${member[$first]}; else plan+=("$mount $type ${member[$first]}"); fi
done < <(lines raid)
while read -r line; do
  read -r _ mount _ <<<"$line"
  size=$(option size "$line") || size=1
  grow=0; has grow "$line" && grow=1
  has recommended "$line" && size=512
  type=$(option fstype "$line") || type=ext4
  [[ $mount == swap ]] && type=swap
  say "logical volume for $mount is made as a plain partition"
  plan+=("$mount $type $size $grow")
done < <(lines logvol)

[[ ${#plan[@]} -gt 0 ]] || fail "the kickstart has no partitions"
total=$(( $(cat "/sys/block/$disk/size") / 2048 - 8 ))
fixed=0 growing=0
for entry in "${plan[@]}"; do
  read -r _ _ size grow <<<"$entry"
  fixed=$((fixed + size)) growing=$((growing + grow))
done
(( fixed <= total )) || fail "the partitions need $fixed MiB, $disk has $total"
index=0 device=0
{
  echo 'label: dos'
  for entry in "${plan[@]}"; do
    read -r mount type size grow <<<"$entry"
    (( grow )) && size=$((size + (total - fixed - ${#plan[@]}) / growing))
    (( ${#plan[@]} > 4 && index == 3 )) && echo 'type=5' && device=4
    index=$((index + 1)) device=$((device + 1))
    echo "size=${size}MiB, type=$([[ $type == swap ]] && echo 82 || echo 83)$([[ $mount == /boot ]] && echo ', bootable')"
    echo "$mount $type /dev/$disk$device" >>/tmp/fstab.plan
  done
} >/tmp/sfdisk.in
say "partitioning /dev/$disk"
sfdisk --quiet --wipe always "/dev/$disk" </tmp/sfdisk.in || fail "sfdisk refused: $(cat /tmp/sfdisk.in)"

while read -r mount type device; do
  say "  $device $type $mount"
  if [[ $type == swap ]]; then mkswap "$device" >/dev/null
  else mke2fs -q -F -t "$type" -E lazy_itable_init=1,lazy_journal_init=1,nodiscard "$device" || fail "mke2fs $device"; fi
done </tmp/fstab.plan
while read -r mount type device; do
  [[ $type == swap ]] && continue
  [[ $mount == / ]] || mkdir -p "$root$mount"
  mount -t "$type" "$device" "$root${mount%/}" || fail "cannot mount $device"
done < <(sort /tmp/fstab.plan)

# ── packages, by the real dnf ──
mkdir -p $root/{dev,proc,sys,etc}
for directory in dev proc sys; do mount -o bind "/$directory" "$root/$directory"; done
repos=(--repofrompath="anaconda,$tree" --repo=anaconda)
while read -r line; do
  name=$(option name "$line") && url=$(option baseurl "$line") || continue
  repos+=(--repofrompath="$name,$url" --repo="$name")
done < <(lines repo)
wanted=(@core) excluded=()
for packages in "$sections"/*-packages; do
  while read -r item _; do
    case $item in
      '' | '#'* | @core) ;;
      -*) excluded+=(--exclude="${item#-}") ;;
      *) wanted+=("$item") ;;
    esac
  done <"$packages"
done
say "installing ${wanted[*]} from ${repos[*]}"
dnf -y --installroot=$root --releasever=6 --nogpgcheck --disableplugin='*' --setopt=reposdir=/tmp/none --setopt=varsdir=/tmp/none \
  --setopt=install_weak_deps=0 --setopt=cachedir=/tmp/dnf --setopt=logdir=/tmp --setopt=max_parallel_downloads=3 --setopt=retries=1 \
  "${repos[@]}" "${excluded[@]}" install "${wanted[@]}" >/tmp/dnf.out 2>&1 || { tail -n 30 /tmp/dnf.out; fail "dnf"; }
grep -iE 'warning|error|failed' /tmp/dnf.out
say "installed $(rpm --root $root -qa | wc -l) packages"

# ── what the installer itself configures, and the kickstart's scripts ──
while read -r mount type device; do
  [[ $type == swap ]] && mount=swap
  echo "$device $mount $type defaults 0 0"
done </tmp/fstab.plan >$root/etc/fstab
[[ -e /tmp/resolv.conf ]] && cp /tmp/resolv.conf $root/etc/resolv.conf
for script in "$sections"/*-post; do
  [[ -e $script ]] || continue
  if has nochroot "$(cat "$script.head")"; then run_script "$script" ''; else run_script "$script" $root; fi
done

# ── the boot sector: its code only, the partition table behind it stays ──
dd if=/boot-sector of="/dev/$disk" bs=440 count=1 conv=notrunc status=none || fail "cannot write the boot sector"
for directory in dev proc sys; do umount "$root/$directory"; done
sort -r /tmp/fstab.plan | while read -r mount type _; do [[ $type == swap ]] || umount "$root${mount%/}" || umount -l "$root${mount%/}"; done
sync
say "installation complete"
