# The installer's part for the new system's configuration: fstab, network, host name, accounts, services.

while read -r mount type device; do
  [[ $type == swap ]] && mount=swap
  echo "$device $mount $type defaults 0 0"
done </tmp/fstab.plan >$root/etc/fstab
[[ -e /tmp/resolv.conf ]] && cp /tmp/resolv.conf $root/etc/resolv.conf

# ── the network: a device is told by its address or its name ──
while read -r line; do
  device=$(option device "$line") || continue
  for card in /sys/class/net/*; do
    [[ $(cat "$card/address") == "${device,,}" ]] && device=${card##*/}
  done
  [[ -e /sys/class/net/$device ]] || fail "network: there is no device $device"
  protocol=$(option bootproto "$line") || protocol=dhcp
  mkdir -p $root/etc/sysconfig/network-scripts
  {
    echo "DEVICE=$device"
    echo "HWADDR=$(cat "/sys/class/net/$device/address")"
    echo "BOOTPROTO=${protocol/static/none}"
    echo "ONBOOT=$(option onboot "$line" || echo yes)"
    for pair in ip=IPADDR netmask=NETMASK gateway=GATEWAY nameserver=DNS1; do
      value=$(option "${pair%=*}" "$line") && echo "${pair#*=}=${value%%,*}"
    done
  } >"$root/etc/sysconfig/network-scripts/ifcfg-$device"
  hostname=$(option hostname "$line") && echo "$hostname" >$root/etc/hostname
done < <(lines network)

# ── accounts ──
hash_of() { # LINE: the crypt hash in it; plain text is none of this installer's business
  has iscrypted "$1" || fail "a password that is not --iscrypted"
  grep -oE '\$[0-9a-z]+\$[^[:space:]"]+' <<<"$1"
}
hash=$(hash_of "$(lines rootpw)") || fail "rootpw has no hash"
sed -i "s|^root:[^:]*:|root:$hash:|" $root/etc/shadow
id=1000
while read -r line; do
  name=$(option name "$line") || fail "a user without a name"
  hash='!!'
  has password "$line" && hash=$(hash_of "$line")
  echo "$name:x:$id:$id::/home/$name:/bin/bash" >>$root/etc/passwd
  echo "$name:$hash:19000:0:99999:7:::" >>$root/etc/shadow
  for group in $(option groups "$line" | tr ',' ' '); do
    grep -q "^$group:" $root/etc/group || fail "user $name: there is no group $group"
    sed -i "/^$group:/s/\$/,$name/;s/:,/:/" $root/etc/group
  done
  echo "$name:x:$id:" >>$root/etc/group
  mkdir -p "$root/home/$name"
  chown $id:$id "$root/home/$name"
  id=$((id + 1))
done < <(lines user)

# ── services: a name that the packages did not bring ends the installation, as in anaconda ──
switch() { # on|off SERVICE
  local systemd=enable
  [[ $1 == on ]] || systemd=disable
  if [[ -e $root/usr/bin/systemctl ]]; then chroot $root systemctl $systemd "$2"; else chroot $root chkconfig "$2" "$1"; fi
}
for service in $(option enabled "$(lines services)" | tr ',' ' '); do switch on "$service" || fail "cannot enable $service"; done
for service in $(option disabled "$(lines services)" | tr ',' ' '); do switch off "$service"; done
