#!/bin/busybox sh
# Takes what the DHCP server says: address, router, name servers.
[ "$1" = bound ] || exit 0
ip addr add "$ip/${mask:-24}" dev "$interface"
[ -z "$router" ] || ip route add default via "${router%% *}" dev "$interface"
for server in $dns; do echo "nameserver $server"; done >/run/resolv.conf
