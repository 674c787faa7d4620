# The installer's part for disks: clearpart, part, raid, volgroup, logvol → partition tables, file systems and mounts. Sets boot_disk, and
# writes /tmp/fstab.plan. RAID and LVM become plain partitions on the first disk of each, and xfs becomes ext4.

drives=$(option drives "$(lines clearpart)") || drives=$(option only-use "$(lines ignoredisk)") || drives=''
lines clearpart | grep -qE -- '--(all|linux)' || fail "the kickstart clears no disk"
[[ -n $drives ]] || fail "the kickstart names no disk to clear: this installer never takes all of them"
kernel_name() { # DISK: disk/by-id/… and the like are links
  [[ -b /dev/$1 ]] || return 1
  local device
  device=$(readlink -f "/dev/$1") && echo "${device#/dev/}"
}
named=''
for drive in ${drives//,/ }; do
  name=$(kernel_name "$drive") || fail "there is no disk /dev/$drive"
  named+=${named:+,}$name
done
drives=$named
first_disk=${drives%%,*}
boot_disk=$(option boot-drive "$(lines bootloader)") || boot_disk=$(option driveorder "$(lines bootloader)") || boot_disk=$first_disk
boot_disk=$(kernel_name "${boot_disk%%,*}") || fail "there is no disk to boot from"
lines reqpart >/dev/null && [[ -d /sys/firmware/efi ]] && fail "reqpart: this installer makes no EFI system partition"

declare -A member    # raid.NN and pv.NN → "disk size grow"
declare -A volume_on # volume group → the disk of its first member
plan=()              # disk mountpoint fstype size grow

measure() { # LINE: sets size, grow and type as a part or logvol line says them
  size=$(option size "$1") || size=1
  grow=0; has grow "$1" && grow=1
  has recommended "$1" && size=512
  file_system "$1"
}
file_system() { # LINE: sets type
  type=$(option fstype "$1") || type=ext4
  [[ $mount != swap ]] || type=swap
  [[ $type != xfs ]] || { say "xfs of $mount is made as ext4"; type=ext4; }
}

while read -r line; do
  read -r _ mount _ <<<"$line"
  measure "$line"
  on=$(option ondisk "$line") || on=$first_disk
  on=$(kernel_name "$on") || fail "part $mount: there is no such disk"
  [[ ",$drives," == *",$on,"* ]] || fail "part $mount is on $on, which the kickstart does not clear"
  if [[ $mount == raid.* || $mount == pv.* ]]; then member[$mount]="$on $size $grow"
  else plan+=("$on $mount $type $size $grow"); fi
done < <(lines part; lines partition)
while read -r line; do
  read -r _ mount rest <<<"$line"
  first=$(grep -oE 'raid\.[0-9A-Za-z]+' <<<"$rest" | head -n 1)
  read -r on size grow <<<"${member[$first]}"
  say "$(option level "$line") $mount is made as a plain partition of $on"
  if [[ $mount == pv.* ]]; then member[$mount]=${member[$first]}
  else file_system "$line"; plan+=("$on $mount $type $size $grow"); fi
done < <(lines raid)
while read -r _ group first _; do
  read -r volume_on[$group] _ <<<"${member[$first]}"
done < <(lines volgroup)
while read -r line; do
  read -r _ mount _ <<<"$line"
  measure "$line"
  on=${volume_on[$(option vgname "$line")]:-$first_disk}
  say "logical volume for $mount is made as a plain partition of $on"
  plan+=("$on $mount $type $size $grow")
done < <(lines logvol)

partition_disk() { # DISK ENTRY…: an MBR with a partition for each entry; adds to /tmp/fstab.plan
  local disk=$1 entry mount type size grow total fixed=0 growing=0 index=0 device=0
  shift
  total=$(( $(cat "/sys/block/$disk/size") / 2048 - 8 ))
  for entry; do
    read -r _ mount type size grow <<<"$entry"
    fixed=$((fixed + size)) growing=$((growing + grow))
  done
  (( fixed <= total )) || fail "the partitions need $fixed MiB, $disk has $total"
  {
    echo 'label: dos'
    for entry; do
      read -r _ mount type size grow <<<"$entry"
      (( grow )) && size=$((size + (total - fixed - $#) / growing))
      (( $# > 4 && index == 3 )) && echo 'type=5' && device=4
      index=$((index + 1)) device=$((device + 1))
      echo "size=${size}MiB, type=$([[ $type == swap ]] && echo 82 || echo 83)$([[ $mount == /boot ]] && echo ', bootable')"
      echo "$mount $type /dev/$disk$device" >>/tmp/fstab.plan
    done
  } >/tmp/sfdisk.in
  say "partitioning /dev/$disk"
  sfdisk --quiet --wipe always "/dev/$disk" </tmp/sfdisk.in || fail "sfdisk refused: $(cat /tmp/sfdisk.in)"
}

[[ ${#plan[@]} -gt 0 ]] || fail "the kickstart has no partitions"
for drive in ${drives//,/ }; do
  its=()
  for entry in "${plan[@]}"; do [[ $entry == "$drive "* ]] && its+=("$entry"); done
  if [[ ${#its[@]} -gt 0 ]]; then partition_disk "$drive" "${its[@]}"; else say "/dev/$drive stays unused"; fi
done

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
