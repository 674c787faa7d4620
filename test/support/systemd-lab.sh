#!/bin/sh
# Runs a real systemd as process 1 of namespaces of its own, which knows Kickstand's unit and no other service.
#   unshare --mount sh systemd-lab.sh groups CHECKOUT SITE     until it is ended
set -eu
step=$1 checkout=$2 site=$3

# A control group of its own, removed when all is over: systemd as process 1 takes the root of the groups that it sees for its own.
if [ "$step" = groups ]; then
  groups=$(mktemp -d)
  mount -t cgroup2 cgroup2 "$groups"
  own=$groups/kickstand-lab-$$
  mkdir "$own"
  sh -c 'echo $$ >"$1/cgroup.procs" && shift && exec "$@"' sh "$own" \
    unshare --pid --mount --uts --ipc --net --cgroup --fork --kill-child --mount-proc \
    setpriv --pdeathsig KILL sh "$0" systemd "$checkout" "$site" &
  trap 'kill -KILL $!' TERM
  while ! wait $!; do kill -0 $! 2>/dev/null || break; done
  for try in 1 2 3 4 5 6 7 8 9 10; do
    find "$own" -depth -type d -exec rmdir {} + 2>/dev/null && break
    sleep 0.1
  done
  umount "$groups" && rmdir "$groups"
  exit 0
fi

# Nothing of the machine can be written to, but what is mounted over it here: a systemd that starts tidies up.
mount --bind "$checkout" /mnt
mount -t tmpfs tmpfs /opt
mkdir /opt/kickstand
mount --bind /mnt /opt/kickstand
mount -t tmpfs tmpfs /run
mkdir -p /run/lab/kickstand.service.d
cp "$site" /run/site.yaml
for place in /tmp /var/tmp; do mount -t tmpfs tmpfs $place; done
for place in /var/lib /var/cache; do mount -t tmpfs -o mode=755 tmpfs $place; done
mkdir /var/lib/kickstand
mv /run/site.yaml /var/lib/kickstand/
chown -R 990:990 /var/lib/kickstand
sed '$a kickstand:x:990:990::/var/lib/kickstand:/usr/sbin/nologin' /etc/passwd >/run/passwd
sed '$a kickstand:x:990:' /etc/group >/run/group
echo 0123456789abcdef0123456789abcdef >/run/machine-id
for file in passwd group machine-id; do mount --bind /run/$file /etc/$file; done
umount --lazy --recursive /sys/fs/cgroup
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mount -o remount,bind,ro /
ip link set lo up

cp /opt/kickstand/docs/operations/kickstand.service /run/lab/
# Two seconds instead of sixty: what is shown is that a process that stands still is started anew.
printf '[Service]\nWatchdogSec=2\nStandardOutput=file:/run/kickstand.log\nStandardError=file:/run/kickstand.log\n' \
  >/run/lab/kickstand.service.d/lab.conf
for target in sysinit basic shutdown network-online; do
  printf '[Unit]\nDefaultDependencies=no\n' >/run/lab/$target.target
done
printf '[Unit]\nDefaultDependencies=no\nWants=kickstand.service\n' >/run/lab/lab.target
export container=lab SYSTEMD_UNIT_PATH=/run/lab
exec /lib/systemd/systemd --system --unit=lab.target --log-target=null --show-status=0
