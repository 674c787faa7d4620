#!/bin/busybox sh
# The lab's quick guest: proves that a boot got this far, reads its kickstart or answerfile, reports, and ends. It installs nothing.
# Orders come as the chassis' asset tag, words joined by "+": "silent" reports nothing, "reboot" starts over instead of powering off.

busybox=/bin/busybox
$busybox mkdir -p /proc /sys /dev /run
$busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
# Under Xen the serial port is the hypervisor's, and hvc0 leads to it.
console=/dev/ttyS0
[ "$(cat /sys/hypervisor/type 2>/dev/null)" = xen ] && console=/dev/hvc0
exec <$console >$console 2>&1
stty -F $console -onlcr 2>/dev/null

say() { echo "kickstand-lab: $*"; }
orders="+$(cat /sys/class/dmi/id/chassis_asset_tag 2>/dev/null)+"
ordered() { case $orders in *"+$1+"*) return 0 ;; *) return 1 ;; esac; }
end() {
  sleep 1 # for the last line to leave the serial port
  if ordered reboot; then say "rebooting" && sleep 1 && reboot -f; fi
  say "powering off"
  poweroff -f
}
fail() {
  say "failed: $*"
  dmesg | tail -n 15
  end
}

say "quick guest of the tests"
say "kernel command line: $(cat /proc/cmdline)"
# The drivers of network cards come first; disks are none of its business.
for module in $(sed '/^e1000/q' /modules/order); do
  insmod "/modules/$module" || say "module $module does not load"
done

# ── what it runs on ──
say "hypervisor: $(cat /sys/hypervisor/type 2>/dev/null || echo none)"
# Domain 0's UUID is all zeros.
say "domain: $(cat /sys/hypervisor/uuid 2>/dev/null || echo none)"
if [ -d /sys/firmware/efi ]; then say "firmware: uefi"; else say "firmware: bios"; fi
say "kernel on secure boot: $(dmesg | sed -n 's/.*secureboot: //p' | head -n 1)"
dmesg | grep -q 'Kernel is locked down' && say "kernel: locked down"

# ── the network ──
argument() { # the last of the kernel's arguments that is called NAME
  tr ' ' '\n' </proc/cmdline | sed -n "s/^$1=//p" | tail -n 1
}
nic=
for device in /sys/class/net/*; do
  case ${device##*/} in lo) ;; *) nic=${device##*/} && break ;; esac
done
[ -n "$nic" ] || fail "no network device"
ip link set lo up
ip link set "$nic" up
udhcpc -i "$nic" -s /udhcpc.sh -n -q -f -t 10 -T 1 || fail "no DHCP answer on $nic"
say "network: $nic $(cat /sys/class/net/"$nic"/address) $(ip -4 -o addr show dev "$nic" | sed 's/.*inet \([^ ]*\).*/\1/')"

# ── its instructions ──
fetch() { # URL FILE: with the header that dracut sends where inst.ks.sendmac asks for it
  if grep -qw 'inst.ks.sendmac' /proc/cmdline; then
    timeout 60 wget -q --header "X-RHN-Provisioning-MAC-0: $nic $(cat /sys/class/net/"$nic"/address)" -O "$2" "$1"
  else
    timeout 60 wget -q -O "$2" "$1"
  fi
}
instructions=
for name in inst.ks ks answerfile; do
  [ -n "$instructions" ] || instructions=$(argument $name)
done
[ -n "$instructions" ] || fail "no inst.ks=, ks= or answerfile= on the kernel command line"
fetch "$instructions" /run/instructions || fail "cannot fetch $instructions"
say "instructions: $(wc -c </run/instructions) bytes from $instructions"

# ── its report: a kickstart holds the function that reports, an answerfile names a script that does ──
script=$(sed -n 's/.*<script stage="installation-complete"[^>]*>\([^<]*\)<.*/\1/p' /run/instructions | sed 's/&amp;/\&/g')
if [ -n "$script" ]; then
  fetch "$script" /run/script || fail "cannot fetch $script"
else
  cp /run/instructions /run/script
fi
events=$(sed -n "s/^events_url=//p" /run/script | head -n 1 | tr -d "\"'")
[ -n "$events" ] || fail "the instructions name no place to report to"
if ordered silent; then
  say "told to report nothing"
else
  fetch "$events&stage=installed" /run/answer || fail "cannot report to $events"
  say "reported: installed"
fi
end
