#!/bin/busybox sh
# The lab's installer of a hypervisor (it stands in for XenServer's and XCP-ng's): runs in the control domain, does what its answerfile says,
# and reboots. It reads: primary-disk, guest-disk, source, root-password, admin-interface, name-server, hostname, timezone, ntp-server,
# script. Mirrored disks, GPT and the scripts inside packages are beyond it. Only the primary disk is ever written to.

busybox=/bin/busybox
$busybox mkdir -p /proc /sys /dev /run /tmp /mnt/root
$busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
. /machine.sh
prepare_console
say() {
  echo "kickstand-lab: $*"
  echo "$*" >>/tmp/install-log
}

say "installer of the tests' own hypervisor (it stands in for XCP-ng's)"
say "kernel command line: $(cat /proc/cmdline)"
[ "$(cat /sys/hypervisor/type 2>/dev/null)" = xen ] || fail "this is no domain of Xen"
load_modules

answerfile=$(argument answerfile)
device=$(argument answerfile_device)
[ -n "$answerfile" ] || fail "no answerfile= on the kernel command line"
card_with "$device"
[ -n "$nic" ] || fail "no network device fits answerfile_device=$device"
ask_for_address

fetch() { # URL FILE, as Python's urllib asks
  timeout 120 wget -q -U Python-urllib/2.7 -O "$2" "$1"
}

# ── the answerfile: a line for each element, its text in it ──
fetch "$answerfile" /run/answerfile || fail "cannot fetch the answerfile"
tr '\n' ' ' </run/answerfile | sed 's/> *</>\n</g' >/run/elements
plain() { sed 's/&lt;/</g; s/&gt;/>/g; s/&quot;/"/g; s/&apos;/'"'"'/g; s/&amp;/\&/g'; }
elements() { sed -n "\\|^<$1[ >][^<]*</$1>|p" /run/elements; }
text() { sed 's/^<[^>]*> *//; s/ *<.*//' | plain; } # of the elements in its input
attribute() { sed -n "s/^<[^>]* $1=\"\([^\"]*\)\".*/\1/p" | plain; }
value() { elements "$1" | head -n 1 | text; }
say "answerfile: $(wc -l </run/elements) elements"

run_scripts() { # STAGE [ARGUMENT]: those of the stage, in their order; one that cannot be fetched ends the installation
  number=0
  elements script >/run/scripts
  while read -r element <&3; do
    [ "$(echo "$element" | attribute stage)" = "$1" ] || continue
    [ "$(echo "$element" | attribute type)" = url ] || fail "a script that is not fetched by URL"
    file=/tmp/$1-$number
    number=$((number + 1))
    fetch "$(echo "$element" | text)" "$file" || { say "cannot fetch a script of $1"; return 1; }
    chmod 700 "$file"
    XS_STAGE=$1 "$file" ${2:+"$2"} >>/tmp/install-log 2>&1 </dev/null
    say "script of $1 ended with $?"
  done 3</run/scripts
}
give_up() { # as the installer does: its last scripts are told
  say "installation failed: $*"
  run_scripts installation-complete 1
  sync
  sleep 1
  poweroff -f
}

case $(head -n 3 /run/elements) in *'<installation '*'mode="fresh"'*) ;; *) give_up "the answerfile asks for no fresh installation" ;; esac
# Before it looks at the disks: these scripts may make some.
run_scripts installation-start || give_up "installation-start"
disk=$(value primary-disk)
[ -n "$disk" ] && [ -b "/dev/$disk" ] || give_up "there is no primary disk /dev/$disk"
disk=$(readlink -f "/dev/$disk") # which may be a link
disk=${disk#/dev/}
[ "$(cat "/sys/class/block/$disk/size")" -ge 10485760 ] || give_up "the primary disk /dev/$disk is too small" # 5 GiB
elements guest-disk | text | while read -r guest; do [ -b "/dev/$guest" ] || exit 1; done || give_up "a guest disk is not there"
interface=$(sed -n '/^<admin-interface /p' /run/elements)
card_with "$(echo "$interface" | attribute hwaddr)"
[ -n "$nic" ] || give_up "no network card fits the admin-interface"

# ── the source: a product that it knows, and a repository whose primary is gzip; it reads no other ──
source=$(value source)
source=${source%/}
[ "$(elements source | attribute type)" = url ] || give_up "a source that is not fetched by URL"
fetch "$source/.treeinfo" /run/treeinfo || give_up "cannot fetch $source/.treeinfo"
product=$(ini system-v1 product_name /run/treeinfo)
[ -n "$product" ] || give_up ".treeinfo names no product"
say "source: $product $(ini system-v1 product_version /run/treeinfo)"
fetch "$source/$(ini keys key1 /run/treeinfo)" /run/key || give_up "cannot fetch the vendor's key"
fetch "$source/repodata/repomd.xml" /run/repomd || give_up "cannot fetch repomd.xml"
fetch "$source/repodata/repomd.xml.asc" /run/repomd.asc || give_up "cannot fetch the signature of repomd.xml"
say "repomd.xml: sha256 $(sha256sum /run/repomd | cut -d' ' -f1)"
tr '\n' ' ' </run/repomd | sed 's/<data /\n&/g' | grep '^<data type="primary"' >/run/primary-data
location=$(sed -n 's/.*<location href="\([^"]*\)".*/\1/p' /run/primary-data)
sum=$(sed -n 's/.*<checksum type="sha256">\([0-9a-f]*\)<.*/\1/p' /run/primary-data)
case $location in *.gz) ;; *) give_up "primary is not gzip: $location" ;; esac
fetch "$source/$location" /run/primary.gz || give_up "cannot fetch $location"
[ "$(sha256sum /run/primary.gz | cut -d' ' -f1)" = "$sum" ] || give_up "primary is not what repomd.xml says"
{ zcat /run/primary.gz | tr '\n' ' ' && echo; } | sed 's/<package /\n&/g' |
  sed -n 's/.*<checksum type="sha256" pkgid="YES">\([0-9a-f]*\)<.*<location href="\([^"]*\)".*/\1 \2/p' >/run/packages
[ -s /run/packages ] || give_up "the repository has no packages"
# ── the disk: the system, room for its backup, and local storage where guests may have it ──
say "partitioning /dev/$disk"
shared=$(elements primary-disk | attribute guest-storage)
{
  printf 'o\nn\np\n1\n\n+2048M\nn\np\n2\n\n+2048M\n'
  [ "$shared" = no ] || printf 'n\np\n3\n\n\n'
  printf 'w\n'
} | fdisk -u "/dev/$disk" >/tmp/fdisk.out 2>&1 || { cat /tmp/fdisk.out; give_up "fdisk"; }
mke2fs -i 65536 -L root-lab "/dev/${disk}1" >/dev/null || give_up "mke2fs"
mount -t ext4 "/dev/${disk}1" /mnt/root || give_up "cannot mount the new system"

# ── every package of the repository ──
while read -r sum href; do
  fetch "$source/$href" /run/package.rpm || give_up "cannot fetch $href"
  [ "$(sha256sum /run/package.rpm | cut -d' ' -f1)" = "$sum" ] || give_up "$href is not what primary says"
  (cd /mnt/root && rpm2cpio /run/package.rpm | cpio -idmu 2>/dev/null) || give_up "cannot unpack $href"
done </run/packages
say "installed $(wc -l </run/packages) packages"

# ── what the installer itself configures ──
mkdir -p /mnt/root/etc/firstboot.d/data
value hostname >/mnt/root/etc/hostname
sed -i "s|^root:[^:]*:|root:$(value root-password):|" /mnt/root/etc/shadow
ln -sf "/usr/share/zoneinfo/$(value timezone)" /mnt/root/etc/localtime
elements ntp-server | text | sed 's/^/server /; s/$/ iburst/' >/mnt/root/etc/chrony.conf
{
  echo "LABEL='$nic'"
  echo "MODE='$(echo "$interface" | attribute proto)'"
  for pair in ip=IP subnet-mask=NETMASK gateway=GATEWAY name-server=DNS1; do
    [ -z "$(value "${pair%=*}")" ] || echo "${pair#*=}='$(value "${pair%=*}")'"
  done
} >/mnt/root/etc/firstboot.d/data/management.conf
{
  [ "$shared" = no ] && places= || places=/dev/${disk}3
  for guest in $(elements guest-disk | text); do places="$places /dev/$guest"; done
  echo "PARTITIONS='${places# }'"
  echo "TYPE='$(sed -n 's/.*<installation [^>]*sr-type="\([^"]*\)".*/\1/p' /run/elements)'"
} >/mnt/root/etc/firstboot.d/data/default-storage.conf
{
  echo "PRODUCT_BRAND='$product'"
  echo "PRIMARY_DISK='/dev/$disk'"
  echo "MANAGEMENT_INTERFACE='xenbr0'"
  echo "INSTALLATION_UUID='$(cat /proc/sys/kernel/random/uuid)'"
} >/mnt/root/etc/xensource-inventory
run_scripts filesystem-populated /mnt/root || give_up "filesystem-populated"

# ── the boot sector: its code only, the partition table behind it stays ──
umount /mnt/root || give_up "cannot unmount the new system"
dd if=/boot-sector of="/dev/$disk" bs=440 count=1 conv=notrunc 2>/dev/null || give_up "cannot write the boot sector"
sync
say "installation complete"
run_scripts installation-complete 0 || give_up "installation-complete"
say "rebooting"
sleep 1
reboot -f
