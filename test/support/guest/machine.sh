# What the lab's guests share: console, drivers, the kernel's arguments, the network. Read by busybox's shell, not run.

prepare_console() { # under Xen the serial port is the hypervisor's, and hvc0 leads to it
  console=/dev/ttyS0
  [ "$(cat /sys/hypervisor/type 2>/dev/null)" = xen ] && console=/dev/hvc0
  exec <$console >$console 2>&1
  stty -F $console -onlcr 2>/dev/null
}

say() { echo "kickstand-lab: $*"; }

fail() {
  say "installation failed: $*"
  dmesg | tail -n 15
  sync
  sleep 1 # for the last line to leave the serial port
  poweroff -f
}

load_modules() {
  for module in $(cat /modules/order); do
    [ "$module" != sd_mod.ko ] || echo 0 >/sys/bus/scsi/drivers_autoprobe
    insmod "/modules/$module" || say "module $module does not load"
    [ "$module" != sd_mod.ko ] || name_disks
  done
}

name_disks() { # one after the other, as they are attached: by themselves they race for the names sda, sdb and so on
  for device in /sys/bus/scsi/devices/*:*:*:*; do
    [ ! -e "$device" ] || echo "${device##*/}" >/sys/bus/scsi/drivers_probe
  done
  echo 1 >/sys/bus/scsi/drivers_autoprobe
  mkdir -p /dev/disk/by-id
  for disk in /sys/block/sd*; do # as udev links them: by model and serial number, which is in VPD page 0x80 behind four bytes
    [ -r "$disk/device/vpd_pg80" ] || continue
    serial=$(tail -c +5 "$disk/device/vpd_pg80" | tr -d ' \0')
    ln -s "../../${disk##*/}" "/dev/disk/by-id/ata-$(sed 's/ *$//; s/ /_/g' "$disk/device/model")_$serial"
  done
}

argument() { # the last NAME= on the kernel's command line
  tr ' ' '\n' </proc/cmdline | sed -n "s/^$1=//p" | tail -n 1
}

lower() { echo "$1" | tr A-Z a-z; }

card_with() { # MAC: sets nic to the card that has it, whatever the case of its letters
  nic=
  for device in /sys/class/net/*; do
    [ "$(cat "$device/address")" = "$(lower "$1")" ] && [ "${device##*/}" != lo ] && nic=${device##*/}
  done
}

ask_for_address() { # by DHCP, on $nic
  ip link set lo up
  ip link set "$nic" up
  udhcpc -i "$nic" -s /udhcpc.sh -n -q -f -t 10 -T 1 || fail "no DHCP answer on $nic"
  say "network: $nic $(cat /sys/class/net/"$nic"/address) $(ip -4 -o addr show dev "$nic" | sed 's/.*inet \([^ ]*\).*/\1/')"
}

ini() { # SECTION KEY FILE: a value of an INI file; nothing where there is none
  sed -n "/^\[$1\]/,/^\[/s|^$2 *= *||p" "$3" | head -n 1
}
