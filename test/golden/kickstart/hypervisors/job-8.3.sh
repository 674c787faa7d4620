#!/bin/bash
# Finishes this hypervisor after its installation: once, at the first boot, by Kickstand.
#
# After a failure it does not run again by itself. Mend the cause (/root/kickstand-firstboot.log), then:
#   systemctl start kickstand-firstboot
# Steps that were done are not repeated.

case $1 in
  run) ;;
  start)
    "$0" run </dev/null >/dev/null 2>&1 &
    exit 0
    ;;
  stop | restart | force-reload) exit 0 ;;
  status)
    ls /var/lib/kickstand/first-boot 2>/dev/null
    exit 0
    ;;
  *)
    echo "Usage: $0 {start|run|status}"
    exit 2
    ;;
esac
LC_ALL=C
PATH=/opt/xensource/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL PATH


mkdir -p /var/lib/kickstand/first-boot
if command -v flock >/dev/null 2>&1; then
  exec 9>/var/lib/kickstand/first-boot/.lock
  flock -n 9 || { echo "kickstand-firstboot is running already"; exit 1; }
fi
umask 022
touch /root/kickstand-firstboot.log
chmod 0600 /root/kickstand-firstboot.log
exec >>/root/kickstand-firstboot.log 2>&1

events_url='http://192.168.168.26/hosts/xs-02/events?token=00112233445566778899aabbccddeeff'
report_tries=3

# report STAGE [ENCODED-MESSAGE [LOG-FILE]]: always succeeds.
report() {
  report_url="$events_url&stage=$1"
  if [ "$#" -gt 1 ]; then report_url="$report_url&message=$2"; fi
  if [ "$#" -gt 2 ] && [ -s "$3" ] && report_log "$3"; then return 0; fi
  report_try=1
  while ! send_report "$report_url"; do
    if [ "$report_try" -ge "$report_tries" ]; then
      report_tries=1
      echo "kickstand: could not report $1" >&2
      return 0
    fi
    report_try=$((report_try + 1))
    sleep 2
  done
}

# report_log FILE: sends what is at $report_url, with the end of FILE.
report_log() {
  # Beside the log, where nobody else could have put a link.
  report_tail=$1.sent
  (umask 077 && { tail -c 65536 "$1" || cat "$1"; } >"$report_tail") 2>/dev/null || return 1
  report_try=1
  report_sent=0
  while ! send_report "$report_url" "$report_tail"; do
    if [ "$report_try" -ge "$report_tries" ]; then
      report_sent=1
      break
    fi
    report_try=$((report_try + 1))
    sleep 2
  done
  rm -f "$report_tail"
  return "$report_sent"
}

# send_report URL [FILE]: by GET, or with FILE by POST.
send_report() {
  if command -v curl >/dev/null 2>&1; then
    if [ "$#" -gt 1 ]; then
      curl -f -s -o /dev/null --connect-timeout 10 --max-time 20 \
        -H 'Content-Type: text/plain' -H 'Expect:' --data-binary @"$2" "$1" && return 0
    else
      curl -f -s -o /dev/null --connect-timeout 10 --max-time 20 "$1" && return 0
    fi
  fi
  if command -v wget >/dev/null 2>&1; then
    # GNU wget would try 20 times by itself; busybox's knows no -t, and some builds of it no -T. It may not post either.
    case $(wget --version 2>/dev/null) in
      GNU*)
        if [ "$#" -gt 1 ]; then
          wget -q -t 1 -T 20 -O /dev/null --header='Content-Type: text/plain' --post-file="$2" "$1" && return 0
        else
          wget -q -t 1 -T 20 -O /dev/null "$1" && return 0
        fi
        ;;
      *)
        if [ "$#" -eq 1 ]; then
          { wget -q -T 20 -O /dev/null "$1" || wget -q -O /dev/null "$1"; } 2>/dev/null && return 0
        fi
        ;;
    esac
  fi
  for report_python in python python3 python2 /usr/libexec/platform-python; do
    command -v "$report_python" >/dev/null 2>&1 || continue
    "$report_python" -c 'import socket, sys
try:
    from urllib.request import Request, urlopen
except ImportError:
    from urllib2 import Request, urlopen
socket.setdefaulttimeout(20)
data = None
if len(sys.argv) > 2:
    data = open(sys.argv[2], "rb").read()
urlopen(Request(sys.argv[1], data, {"Content-Type": "text/plain"})).read()' "$@" 2>/dev/null && return 0
  done
  return 1
}

# begin NAME: says which step comes now, here and to the appliance.
begin() {
  current_step=$1
  step_began=$SECONDS
  echo "== $(date) $current_step"
  report "first-boot.$current_step"
}

# finish STATUS: says that the step has ended, or ends the script when it failed.
finish() {
  step_took=$((SECONDS - step_began))
  if [ "$1" -eq 0 ]; then
    echo "== $(date) $current_step done in $step_took s"
    report "first-boot.$current_step.done" "$step_took+s"
    return 0
  fi
  echo "== $(date) $current_step FAILED with status $1 after $step_took s"
  report failed "first-boot+step+$current_step+ended+with+status+$1" /root/kickstand-firstboot.log
  rm -f /etc/systemd/system/multi-user.target.wants/kickstand-firstboot.service
  exit 1
}

# host_uuid: of this host, from its own inventory.
host_uuid() {
  sed -n "s/^INSTALLATION_UUID='\([0-9A-Fa-f-]*\)'\$/\1/p" /etc/xensource-inventory
}

# wait_for_xapi: until it knows this host, half an hour at most; and for what it does at its start, ten minutes more.
wait_for_xapi() {
  xapi_tries=180
  until [ -n "$(xe host-list uuid="$(host_uuid)" --minimal 2>/dev/null)" ]; do
    xapi_tries=$((xapi_tries - 1))
    if [ "$xapi_tries" -le 0 ]; then
      echo 'xapi does not answer'
      return 1
    fi
    sleep 10
  done
  if command -v xapi-wait-init-complete >/dev/null 2>&1; then xapi-wait-init-complete 600 || :; fi
}

# network_of DEVICE: the network of a card, untagged, or of a bridge.
network_of() {
  case $1 in
    xenbr*) xe network-list bridge="$1" --minimal ;;
    *) xe pif-list host-uuid="$(host_uuid)" device="$1" VLAN=-1 params=network-uuid --minimal ;;
  esac
}

# name_network DEVICE LABEL: xapi finds the cards some time after its first start; five minutes are waited for them.
name_network() {
  network_tries=60
  network=$(network_of "$1")
  while [ -z "$network" ] && [ "$network_tries" -gt 0 ]; do
    sleep 5
    network_tries=$((network_tries - 1))
    network=$(network_of "$1")
  done
  case $network in
    '' | *,*)
      echo "not one network has $1, but: ${network:-none}"
      return 1
      ;;
  esac
  xe network-param-set uuid="$network" name-label="$2"
  echo "$1 is $2"
}

# fetch_file URL FILE: with whatever there is; nobody but root can read FILE.
fetch_file() {
  (
    umask 077
    if command -v curl >/dev/null 2>&1; then
      curl -f -s -o "$2" --connect-timeout 10 --max-time 1800 "$1" && exit 0
    fi
    if command -v wget >/dev/null 2>&1; then
      wget -q -T 60 -O "$2" "$1" && exit 0
    fi
    echo "${2##*/} could not be fetched from the appliance"
    exit 1
  )
}

report first-boot

{
# Nothing works before xapi does, after a restart neither.
begin xapi
(
set -e
wait_for_xapi
)
finish $?
} 9>&-

if [ ! -e /var/lib/kickstand/first-boot/networks ]; then
{
# The networks' names, which the zone's traffic types refer to.
begin networks
(
set -e
name_network eth0 cloud-private
name_network xenbr1 'cloud guest'\''s, 2'
)
finish $?
touch /var/lib/kickstand/first-boot/networks
sync
} 9>&-
fi

if [ ! -e /var/lib/kickstand/first-boot/bridge ]; then
{
# Security groups filter with iptables what crosses a bridge.
begin bridge
(
set -e
mkdir -p /etc/sysctl.d
cat <<'KICKSTAND_END' > /etc/sysctl.d/90-kickstand.conf
net.bridge.bridge-nf-call-iptables = 1
net.bridge.bridge-nf-call-ip6tables = 0
net.bridge.bridge-nf-call-arptables = 1
KICKSTAND_END
sysctl -e -p /etc/sysctl.d/90-kickstand.conf
)
finish $?
touch /var/lib/kickstand/first-boot/bridge
sync
} 9>&-
fi

if [ ! -e /var/lib/kickstand/first-boot/pack-1 ]; then
{
# A supplemental pack.
begin pack-1
(
set -e
trap 'rm -f /root/kickstand-pack.iso' EXIT
fetch_file 'http://192.168.168.26/hosts/xs-02/files/pack-1?token=00112233445566778899aabbccddeeff' /root/kickstand-pack.iso
yes 2>/dev/null | xe-install-supplemental-pack /root/kickstand-pack.iso
)
finish $?
touch /var/lib/kickstand/first-boot/pack-1
sync
} 9>&-
fi

if [ ! -e /var/lib/kickstand/first-boot/dom0-memory ]; then
{
# Memory of the control domain, from the next start on.
begin dom0-memory
(
set -e
/opt/xensource/libexec/xen-cmdline --set-xen dom0_mem=2940M,max:2940M
)
finish $?
touch /var/lib/kickstand/first-boot/dom0-memory
sync
} 9>&-
fi

# Packs and memory take effect with the next start; this job goes on then.
if [ ! -e /var/lib/kickstand/first-boot/restart ]; then
  begin restart
  touch /var/lib/kickstand/first-boot/restart
  sync
  finish 0
  reboot
  exit 0
fi

if [ ! -e /var/lib/kickstand/first-boot/pool ]; then
{
# The pool of xs-01.
begin pool
(
set -e
case $(cat /etc/xensource/pool.conf 2>/dev/null) in
  slave:*)
    echo 'it is in a pool already'
    exit 0
    ;;
esac
password='Pw'\''x$(id)"-9'
said=$(mktemp)
trap 'rm -f "$said"' EXIT
join() {
  if [ "$by_argument" = yes ]; then
    xe pool-join master-address=192.168.168.3 master-username=root master-password="$password"
  else
    XE_EXTRA_ARGS="master-password=$password" xe pool-join master-address=192.168.168.3 master-username=root
  fi
}
by_argument=no
tries=240
until join >"$said" 2>&1; do
  if [ "$by_argument" = no ] && grep -q 'master-password' "$said"; then
    by_argument=yes
    continue
  fi
  cat "$said"
  if grep -qi authentica "$said"; then
    echo 'xs-01 refuses the password in the secret xen-root'
    exit 1
  fi
  if grep -qi homogen "$said"; then exit 1; fi
  tries=$((tries - 1))
  if [ "$tries" -le 0 ]; then
    echo 'xs-01 (192.168.168.3) did not take this host within two hours'
    exit 1
  fi
  sleep 30
done
cat "$said"
)
finish $?
touch /var/lib/kickstand/first-boot/pool
sync
} 9>&-
fi

echo "== $(date) done"
report configured
rm -f /etc/systemd/system/multi-user.target.wants/kickstand-firstboot.service /etc/systemd/system/kickstand-firstboot.service
rm -f /opt/kickstand/first-boot
exit 0
