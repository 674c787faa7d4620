// The %pre section: is this the right machine, with the disks that may be wiped? Only then is the install let go on.

import type { Install } from '../../server/domain.ts';
import { neededMb } from '../../server/room.ts';
import type { Dialect } from '../dialect.ts';
import { chooseDisks, diskWords, hasChosen, putChosen, withPlaceholders } from '../chosen-disks.ts';
import { heredoc, shellWord } from '../quote.ts';
import { protectDisks } from './protect.ts';
import { reportFunction } from './report.ts';
import { section } from './section.ts';
import { worthFunction } from '../room.ts';
import { efiPartitionLine, storageLines } from './storage.ts';

/**
 * Written by %pre when every check has passed, and included by the kickstart: without it the installer stops. So a machine
 * that was refused is not wiped even where a failing %pre alone would not end the install.
 */
const CHECKED_FILE = '/tmp/kickstand-checked.ks';

/** Where %pre's output goes. */
const LOG_FILE = '/tmp/kickstand-pre.log';

/** The line that includes `CHECKED_FILE`. RHEL 6's loader, which reads the commands before %pre runs, skips it and goes on. */
export const INCLUDE_CHECKED = `%include ${CHECKED_FILE}`;

/** The `%pre` section. */
export function preSection(install: Install, dialect: Dialect): string {
  const body = `${PREAMBLE}
${reportFunction(install)}
${REFUSE}
echo "== $(date) checking this machine"
rm -f ${CHECKED_FILE}
report started

${checkMachine(install)}
${checkDisks(install)}${checkRoom(install, dialect)}${dialect.biosFromGpt ? '' : checkBios(install)}
${install.protect ? `${protectDisks(install)}\n` : ''}${writeChecked(install, dialect)}
report installing "will+wipe$found"
`;
  return section('%pre', ` --interpreter=/bin/bash --erroronfail --log=${LOG_FILE}`, body);
}

// Newer installers write down what a script says only when it has ended; a refusal sends it before that.
const PREAMBLE = `LC_ALL=C
export LC_ALL
exec >>${LOG_FILE} 2>&1
`;

// A message at run time is made of what may stand in a URL; the rest becomes blanks ("+").
const REFUSE = `refuse() {
  echo "kickstand: REFUSED: $1. Nothing was changed on this machine."
  (echo "kickstand: REFUSED: $1. Nothing was changed on this machine." >/dev/console) 2>/dev/null
  report failed "\${1//[!A-Za-z0-9._:\\/-]/+}" ${LOG_FILE}
  exit 1
}
`;

// The token in the URL says which host was meant; the MAC says which machine this is.
function checkMachine({ host }: Install): string {
  return `# Is this the machine that was meant? Where the kernel lists no card there is nothing to compare.
right_machine=unknown
for address in /sys/class/net/*/address; do
  [ -r "$address" ] || continue
  case $address in */lo/address) continue ;; esac
  [ "$right_machine" = yes ] || right_machine=no
  read -r mac <"$address" || continue
  case $mac in
    ${host.macs.join(' | ')}) right_machine=yes ;;
  esac
done
[ "$right_machine" = no ] && refuse ${shellWord(`this machine has no network card of ${host.name}`)}
`;
}

function checkDisks({ storage }: Install): string {
  return `# Only these disks may be wiped, and each must be there. Some appear late.
if command -v udevadm >/dev/null 2>&1; then udevadm settle --timeout=30; fi
found=
check_disk() {
  disk=$1
  waited=0
  while [ ! -b "/dev/$disk" ] && [ "$waited" -lt 10 ]; do
    sleep 1
    waited=$((waited + 1))
  done
  [ -b "/dev/$disk" ] || refuse "there is no disk /dev/$disk"
  device=$(readlink -f "/dev/$disk")
  device=\${device##*/}
  [ -e "/sys/class/block/$device/partition" ] && refuse "/dev/$disk is a partition and no disk"
  [ "$(cat "/sys/class/block/$device/ro" 2>/dev/null)" = 1 ] && refuse "/dev/$disk is read-only"
  while read -r source mounted _; do
    case $source in
      "/dev/$device" | "/dev/$device"[0-9]* | "/dev/$device"p[0-9]*) refuse "/dev/$disk is in use as $mounted" ;;
    esac
  done </proc/mounts
  sectors=$(cat "/sys/class/block/$device/size" 2>/dev/null)
  echo "will wipe /dev/$disk: $((\${sectors:-0} / 2048)) MiB, partitions now: $(echo "/sys/class/block/$device/$device"*)"
  found="$found+\${disk//[!A-Za-z0-9._:-]/+}:$((\${sectors:-0} / 2048))MiB"
}
${chooseDisks(storage)}${diskWords(storage)
    .map((disk) => `check_disk ${disk}`)
    .join('\n')}
`;
}

// The installer would find out too, once it has wiped them.
function checkRoom({ storage }: Install, dialect: Dialect): string {
  const system = diskWords(storage).slice(0, storage.disks.length);
  const needed = neededMb(storage, dialect.fileSystem);
  return `# Do the file systems fit?
${worthFunction(storage.layout)}
sizes=
set -- ${system.join(' ')}
for disk in "$@"; do
  device=$(readlink -f "/dev/$disk")
  sectors=$(cat "/sys/class/block/\${device##*/}/size" 2>/dev/null)
  sizes="$sizes $((\${sectors:-0} / 2048))"
done
room=$(worth $sizes)
[ "$room" -ge ${needed} ] || refuse "the profile takes ${needed} MiB and its disks hold $room"
`;
}

// Its installer stops where a BIOS is to boot from a GPT label, and a disk beyond 2 TiB is given no other (anaconda 13, platform.py).
function checkBios({ storage }: Install): string {
  const system = diskWords(storage).slice(0, storage.disks.length);
  return `# A BIOS cannot boot this release from a disk of more than 2 TiB.
if [ ! -d /sys/firmware/efi ]; then
  set -- ${system.join(' ')}
  for disk in "$@"; do
    device=$(readlink -f "/dev/$disk")
    sectors=$(cat "/sys/class/block/\${device##*/}/size" 2>/dev/null)
    [ "\${sectors:-0}" -le 4294967295 ] || refuse "a BIOS cannot boot this release from /dev/$disk, which is larger than 2 TiB: have the machine start by UEFI or name a smaller disk"
  done
fi
`;
}

function writeChecked(install: Install, dialect: Dialect): string {
  const { storage } = install;
  const placeholders = { ...install, storage: withPlaceholders(storage) };
  const put = (text: string): string => heredoc(text, `${putChosen(storage)}>> ${CHECKED_FILE}`);
  const mark = heredoc('# every check of this machine has passed\n', `> ${CHECKED_FILE}`);
  const chosen = hasChosen(storage) ? put(`${storageLines(placeholders, dialect).join('\n')}\n`) : '';
  if (dialect.reqpart) return `${mark}${chosen}`;
  return `${mark}${chosen}# A UEFI machine boots from a partition of its own.
if [ -d /sys/firmware/efi ]; then
${put(`${efiPartitionLine(placeholders)}\n`)}fi
`;
}
