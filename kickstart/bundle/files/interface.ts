// The host's network interfaces as files: ifcfg or NetworkManager keyfiles, by release.

import type { ConfigFile, Install } from '../../../server/domain.ts';
import { ifcfgFile } from '../../link/ifcfg.ts';
import { keyfile } from '../../link/keyfile.ts';
import { isLayered, layersOf } from '../../link/layers.ts';

/** From which major on interfaces are keyfiles. Of bonds, VLANs and bridges ifcfg files cannot be bound to MACs: those change one release earlier. */
const KEYFILES = { card: 9, layered: 8 } as const;

/** One file for each interface. A card is bound by its MAC: kernel names of cards differ between releases and machines. */
export function interfaceFiles(install: Install): readonly ConfigFile[] {
  return layersOf(install).map((layer) => (usesKeyfiles(install) ? keyfile : ifcfgFile)(install, layer));
}

/** Are the interfaces of `install` keyfiles? */
export function usesKeyfiles(install: Install): boolean {
  return install.os.major >= KEYFILES[isLayered(install) ? 'layered' : 'card'];
}
