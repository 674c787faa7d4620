#!/bin/busybox sh
# The lab installer's loader (it stands in for RHEL 6's, and for dracut since RHEL 7): network, kickstart, .treeinfo, second stage; then the
# installer takes over.

busybox=/bin/busybox
$busybox mkdir -p /proc /sys /dev /run /stage2
$busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
ln -s /proc/self/fd /dev/fd
. /machine.sh
prepare_console

say "loader of the tests' own installer (it stands in for anaconda)"
say "kernel command line: $(cat /proc/cmdline)"
load_modules

# ── the network ──
ks=$(argument inst.ks)
bootif=$(argument BOOTIF)
if [ -n "$ks" ]; then
  loader=dracut
  card_with "$(echo "${bootif#01-}" | tr - :)"
  [ -n "$nic" ] || fail "no network device fits BOOTIF=$bootif"
else
  loader=rhel6
  ks=$(argument ks)
  ksdevice=$(argument ksdevice)
  [ -n "$ks" ] || fail "no inst.ks= or ks= on the kernel command line"
  nic=
  for device in /sys/class/net/*; do
    name=${device##*/}
    mac=$(cat "$device/address")
    [ "$name" = lo ] && continue
    case "$ksdevice" in
      '' | link | "$name" | "$mac") nic=$name ;;
      bootif) [ "01-$mac" = "$(echo "$bootif" | tr 'A-Z-' 'a-z:' | sed 's/^01:/01-/')" ] && nic=$name ;;
      *) [ "$(lower "$ksdevice")" = "$mac" ] && nic=$name ;;
    esac
    [ -n "$nic" ] && break
  done
  [ -n "$nic" ] || fail "no network device fits ksdevice=$ksdevice BOOTIF=$bootif"
fi
ask_for_address

# ── its requests, with the headers that each loader sends ──
mac=$(cat /sys/class/net/"$nic"/address)
release="Red Hat Enterprise Linux"
request() { # URL FILE USER-AGENT [HEADER]
  timeout 120 wget -q -U "$3" --header 'X-Anaconda-Architecture: x86_64' --header "X-Anaconda-System-Release: $release" \
    ${4:+--header "$4"} -O "$2" "$1"
}
fetch() { # URL FILE
  if [ $loader = rhel6 ]; then
    # RHEL 6.2 tells its MAC, in capital letters, whether it was asked to or not.
    request "$1" "$2" 'anaconda/13.21.149' "X-RHN-Provisioning-MAC-0: $nic $(echo "$mac" | tr a-z A-Z)"
  elif grep -qw inst.ks.sendmac /proc/cmdline; then
    request "$1" "$2" 'curl/7.61.1' "X-RHN-Provisioning-MAC-0: $nic $mac"
  else
    request "$1" "$2" 'curl/7.61.1'
  fi
}

# ── the kickstart: RHEL 6 takes the tree's place from it, dracut has its own ──
fetch "$ks" /run/ks.cfg || fail "cannot fetch the kickstart"
say "kickstart: $(wc -l </run/ks.cfg) lines"
tree=$(argument inst.repo)
[ $loader = dracut ] || tree=$(sed -n 's/^url .*--url[= ]"\{0,1\}\([^" ]*\).*/\1/p' /run/ks.cfg | head -n 1)
[ -n "$tree" ] || fail "neither the kernel's arguments nor the kickstart name a tree"
tree=${tree%/}

# ── the second stage ──
fetch "$tree/.treeinfo" /run/treeinfo || fail "cannot fetch $tree/.treeinfo"
image=$(ini stage2 mainimage /run/treeinfo)
[ -n "$image" ] || fail ".treeinfo names no second stage"
say "tree: $tree, second stage $image"
fetch "$tree/$image" /run/install.img || fail "cannot fetch $tree/$image"
sum=$(ini checksums "$image" /run/treeinfo | sed 's/^sha256://')
[ "$(sha256sum /run/install.img | cut -d' ' -f1)" = "$sum" ] || fail "$image does not have the checksum of .treeinfo"
for extra in updates product; do # most trees have neither
  fetch "$tree/images/$extra.img" "/run/$extra.img" 2>/dev/null && fail "this loader cannot use images/$extra.img"
done
mount -t squashfs -o loop,ro /run/install.img /stage2 || fail "cannot mount the second stage"
for directory in tmp run var/tmp; do mount -t tmpfs tmpfs "/stage2/$directory"; done
for directory in proc sys dev; do mount -o bind "/$directory" "/stage2/$directory"; done
cp /run/ks.cfg /stage2/tmp/ks.cfg
cp /run/resolv.conf /stage2/tmp/resolv.conf 2>/dev/null

if chroot /stage2 /usr/bin/env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C /bin/bash /installer/main.sh "$tree"; then
  umount -r /stage2 2>/dev/null
  sync
  case $(sed -n 's/^\(reboot\|poweroff\|shutdown\|halt\)\b.*/\1/p' /run/ks.cfg | head -n 1) in
    reboot) say "rebooting" && sleep 1 && reboot -f ;;
    '') say "installation complete: press a key (the kickstart does not say reboot)" && sleep 3600 ;;
    *) say "powering off" && poweroff -f ;;
  esac
fi
fail "the installer gave up"
