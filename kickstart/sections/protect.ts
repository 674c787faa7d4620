// The part of %pre that keeps disks with data on them from being wiped, for profiles that say `protect: true`.

import type { Install } from '../../server/domain.ts';
import { diskWords } from '../chosen-disks.ts';
import { shellWord } from '../quote.ts';

/**
 * What `blkid` would name, for installers without it: bytes at an offset (in bytes), as in file(5)'s magic. Texts and octal
 * escapes of printf(1); no NUL, which bash cannot hold.
 */
const SIGNATURES: readonly (readonly [offset: number, bytes: string, name: string])[] = [
  [512, 'EFI PART', 'a GPT partition table'],
  [0, 'XFSB', 'an xfs file system'],
  [1080, String.raw`\123\357`, 'an ext file system'],
  [512, 'LABELONE', 'an LVM physical volume'],
  [4096, String.raw`\374\116\053\251`, 'a member of a RAID'],
  [4086, 'SWAPSPACE2', 'swap space'],
  [0, 'LUKS', 'an encrypted volume'],
  [3, 'NTFS', 'an NTFS file system'],
  [65600, '_BHRfS_M', 'a btrfs file system'],
  // Last: many of the above have a boot sector's mark as well.
  [510, String.raw`\125\252`, 'a boot sector or partition table'],
];

/**
 * Shell text that refuses where a disk this install would wipe is not blank: where it has partitions, is part of something
 * in use, carries a signature, or where its first or last MiB holds anything but zeros. That last rule decides; the others
 * say what it is. RHEL 6's installer has dd, sha256sum and blkid, but neither od nor cmp (anaconda, scripts/upd-instroot).
 *
 * It calls `refuse`, and expects each disk to be there.
 */
export function protectDisks({ storage }: Install): string {
  return `${FUNCTIONS}
kept=
${diskWords(storage)
  .map((disk) => `keep_data ${disk}`)
  .join('\n')}
[ -z "$kept" ] || refuse "the profile protects disks that carry data:$kept"
`;
}

const FUNCTIONS = `# protect: true. A disk that carries data is kept: this machine is not installed then.
sum=
for tool in sha256sum sha1sum md5sum; do
  if [ -z "$sum" ] && command -v "$tool" >/dev/null 2>&1; then sum=$tool; fi
done

# is_zero NODE SECTOR COUNT: are these sectors there, and nothing but zeros? Without tools to tell, they are not.
is_zero() {
  [ -n "$sum" ] || return 1
  nothing=$("$sum" </dev/null)
  zeros=$(dd if=/dev/zero bs=512 count="$3" 2>/dev/null | "$sum")
  there=$(dd if="$1" bs=512 skip="$2" count="$3" 2>/dev/null | "$sum")
  [ -n "$nothing" ] && [ "$zeros" != "$nothing" ] && [ "$there" = "$zeros" ]
}

# has_bytes NODE OFFSET BYTES: does it hold these bytes there? Newer bash warns of the zeros that it drops.
has_bytes() {
  wanted=$(printf "$3")
  { there=$(dd if="$1" bs=1 skip="$2" count="\${#wanted}"); } 2>/dev/null
  [ "$there" = "$wanted" ]
}

# signature_of NODE: what lies there, in words; nothing where no known signature is found.
signature_of() {
  types=
  if command -v blkid >/dev/null 2>&1; then
    while IFS='=' read -r key value; do
      case $key in
        ID_PART_TABLE_TYPE) types="$types / $value partition table" ;;
        ID_FS_TYPE | ID_FS_AMBIVALENT) types="$types / $value" ;;
      esac
    done <<PROBED
$(blkid -p -o udev "$1" 2>/dev/null)
PROBED
  fi
  [ -z "$types" ] || { echo "\${types# / }"; return; }
${SIGNATURES.map(([offset, bytes, name]) => `  has_bytes "$1" ${offset} ${shellWord(bytes)} && { echo ${shellWord(name)}; return; }`).join('\n')}
}

# data_on NODE: what speaks against wiping it; nothing where it is blank.
data_on() {
  name=\${1#/dev/}
  name=\${name//\\//!}
  for entry in "/sys/class/block/$name/$name"*; do
    [ -e "$entry" ] && printf ' partition %s /' "\${entry##*/}"
  done
  for entry in "/sys/class/block/$name/holders/"*; do
    [ -e "$entry" ] && printf ' in use by %s /' "\${entry##*/}"
  done
  while read -r entry _; do
    [ "$entry" = "$1" ] && printf ' in use as swap /'
  done 2>/dev/null </proc/swaps
  signature=$(signature_of "$1")
  [ -z "$signature" ] || printf ' %s /' "$signature"
  sectors=$(cat "/sys/class/block/$name/size" 2>/dev/null)
  case $sectors in
    '' | 0 | *[!0-9]*) printf ' a size that is unknown /'; return ;;
  esac
  edge=2048
  [ "$sectors" -ge "$edge" ] || edge=$sectors
  is_zero "$1" 0 "$edge" && is_zero "$1" "$((sectors - edge))" "$edge" && return
  [ -n "$signature" ] || printf ' something other than zeros in its first or last MiB /'
}

keep_data() {
  # The report keeps no commas: what is found is told apart by slashes.
  data=$(data_on "$(readlink -f "/dev/$1")")
  [ -z "$data" ] || kept="\${kept:+$kept and} /dev/$1 has\${data% /}"
}
`;
