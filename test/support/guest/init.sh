#!/bin/busybox sh
# The lab installer's loader (it stands in for RHEL 6's): network, kickstart, .treeinfo, second stage; then the installer takes over.

busybox=/bin/busybox
$busybox mkdir -p /proc /sys /dev /run /stage2
$busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
ln -s /proc/self/fd /dev/fd
exec </dev/ttyS0 >/dev/ttyS0 2>&1
stty -F /dev/ttyS0 -onlcr 2>/dev/null

say() { echo "kickstand-lab: $*"; }
fail() {
  say "installation failed: $*"
  dmesg | tail -n 15
  sync
  poweroff -f
}

say "loader of the tests' own installer (it stands in for anaconda)"
say "kernel command line: $(cat /proc/cmdline)"
for module in $(cat /modules/order); do
  insmod "/modules/$module" || say "module $module does not load"
done

# ── the network ──
argument() { # the last NAME= on the kernel's command line, as RHEL 6 takes it
  tr ' ' '\n' </proc/cmdline | sed -n "s/^$1=//p" | tail -n 1
}
ks=$(argument ks)
ksdevice=$(argument ksdevice)
bootif=$(argument BOOTIF)
[ -n "$ks" ] || fail "no ks= on the kernel command line"

nic=
for device in /sys/class/net/*; do
  name=${device##*/}
  mac=$(cat "$device/address")
  [ "$name" = lo ] && continue
  case "$ksdevice" in
    '' | link | "$name" | "$mac") nic=$name ;;
    bootif) [ "01-$mac" = "$(echo "$bootif" | tr 'A-Z-' 'a-z:' | sed 's/^01:/01-/')" ] && nic=$name ;;
    *) [ "$(echo "$ksdevice" | tr A-Z a-z)" = "$mac" ] && nic=$name ;;
  esac
  [ -n "$nic" ] && break
done
[ -n "$nic" ] || fail "no network device fits ksdevice=$ksdevice BOOTIF=$bootif"
ip link set lo up
ip link set "$nic" up
udhcpc -i "$nic" -s /udhcpc.sh -n -q -f -t 10 -T 1 || fail "no DHCP answer on $nic"
address=$(ip -4 -o addr show dev "$nic" | sed 's/.*inet \([^ ]*\).*/\1/')
say "network: $nic $(cat /sys/class/net/"$nic"/address) $address"

# ── the kickstart and the second stage, with the headers that RHEL 6.2's loader sends ──
upper=$(tr a-z A-Z </sys/class/net/"$nic"/address)
fetch() { # URL FILE
  timeout 120 wget -q -U 'anaconda/13.21.149' \
    --header "X-Anaconda-Architecture: x86_64" \
    --header "X-Anaconda-System-Release: Red Hat Enterprise Linux" \
    --header "X-RHN-Provisioning-MAC-0: $nic $upper" \
    -O "$2" "$1"
}
fetch "$ks" /run/ks.cfg || fail "cannot fetch the kickstart"
say "kickstart: $(wc -l </run/ks.cfg) lines"
tree=$(sed -n 's/^url .*--url[= ]"\{0,1\}\([^" ]*\).*/\1/p' /run/ks.cfg | head -n 1)
[ -n "$tree" ] || fail "the kickstart has no url line"
tree=${tree%/}
fetch "$tree/.treeinfo" /run/treeinfo || fail "cannot fetch $tree/.treeinfo"
image=$(sed -n '/^\[stage2\]/,/^\[/s/^mainimage *= *//p' /run/treeinfo)
[ -n "$image" ] || fail ".treeinfo names no second stage"
say "tree: $tree, second stage $image"
fetch "$tree/$image" /run/install.img || fail "cannot fetch $tree/$image"
sum=$(sed -n "/^\[checksums\]/,/^\[/s|^$image *= *sha256:||p" /run/treeinfo)
[ "$(sha256sum /run/install.img | cut -d' ' -f1)" = "$sum" ] || fail "$image does not have the checksum of .treeinfo"
mount -t squashfs -o loop,ro /run/install.img /stage2 || fail "cannot mount the second stage"
for directory in tmp run var/tmp; do mount -t tmpfs tmpfs "/stage2/$directory"; done
for directory in proc sys dev; do mount -o bind "/$directory" "/stage2/$directory"; done
cp /run/ks.cfg /stage2/tmp/ks.cfg
cp /run/resolv.conf /stage2/tmp/resolv.conf 2>/dev/null

if chroot /stage2 /usr/bin/env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C /bin/bash /installer "$tree"; then
  umount -r /stage2 2>/dev/null
  sync
  case $(sed -n 's/^\(reboot\|poweroff\|shutdown\|halt\)\b.*/\1/p' /run/ks.cfg | head -n 1) in
    reboot) say "rebooting" && sleep 1 && reboot -f ;;
    '') say "installation complete: press a key (the kickstart does not say reboot)" && sleep 3600 ;;
    *) say "powering off" && poweroff -f ;;
  esac
fi
fail "the installer gave up"
