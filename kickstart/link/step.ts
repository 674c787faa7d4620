// The step of %post that connects a host by more than one card: its interfaces' files in place of the installer's.

import type { ConfigFile, Install } from '../../server/domain.ts';
import { interfaceFiles, usesKeyfiles } from '../bundle/files/interface.ts';
import { heredoc, shellWord } from '../quote.ts';
import { placeFiles } from '../sections/place-files.ts';
import type { PostStep } from '../sections/steps.ts';
import { isLayered } from './layers.ts';

/** The step, or none where the installer's own profile of the one card is all there is. It needs `place`. */
export function linkSteps(install: Install): readonly PostStep[] {
  if (!isLayered(install)) return [];
  const files = interfaceFiles(install);
  const commands = usesKeyfiles(install) ? placeFiles(files) : placeByName(install, files);
  return [
    {
      name: 'network',
      why: 'Bond, VLAN and bridge, instead of what the installer wrote.',
      commands: `${FORGET}${commands}`,
    },
  ];
}

// Of two profiles of one card chance decides which is in force. The system is new: all that is there is the installer's.
const FORGET = `for file in /etc/sysconfig/network-scripts/ifcfg-* /etc/NetworkManager/system-connections/*; do
  case $file in
    */ifcfg-lo | *'*') ;;
    *) rm -f "$file" ;;
  esac
done
`;

const CARD = /\beth(\d+)\b/g;

// Ports, VLANs and bridges of ifcfg files go by names of cards, and only the machine knows which card has which.
function placeByName({ host }: Install, files: readonly ConfigFile[]): string {
  const names = host.macs.map((mac, index) => `card${index}=$(card_of ${shellWord(mac)} eth${index})\n`);
  const put = host.macs.map((_, index) => `-e "s/@CARD${index}@/$card${index}/g"`).join(' ');
  const placed = files.map(({ path, mode, text }) => {
    const target = path.replaceAll(CARD, '$card$1');
    const octal = mode.toString(8).padStart(4, '0');
    return heredoc(text.replaceAll(CARD, '@CARD$1@'), `| sed ${put} | place ${octal} "${target}"`);
  });
  return `${CARD_OF}${names.join('')}${placed.join('')}`;
}

const CARD_OF = `# card_of MAC NAME: what the kernel calls the card with that address; NAME where it lists none.
card_of() {
  for address in /sys/class/net/*/address; do
    read -r mac <"$address" || continue
    if [ "$mac" = "$1" ]; then
      address=\${address%/address}
      echo "\${address##*/}"
      return
    fi
  done
  echo "$2"
}
`;
