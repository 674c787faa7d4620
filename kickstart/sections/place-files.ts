// Shell text that writes configuration files to their places: owner root, the right mode at every moment, SELinux label.

import type { ConfigFile } from '../../server/domain.ts';
import { heredoc, shellWord } from '../quote.ts';

/** Defines `place MODE PATH`, which writes its input there. */
export const PLACE_FUNCTION = `# place MODE PATH: writes its input to PATH, readable by nobody else until its mode is set.
place() {
  mkdir -p "\${2%/*}"
  # A link that leads nowhere yet (resolv.conf into /run) gives way to the file.
  if [ -h "$2" ] && [ ! -e "$2" ]; then rm -f "$2"; fi
  (umask 077 && cat > "$2")
  chown 0:0 "$2"
  chmod "$1" "$2"
  if command -v restorecon >/dev/null 2>&1; then restorecon "$2" || :; fi
}
`;

/** The commands that place `files`, in their order. A path that is not absolute and plain is a bug and throws `Error`. */
export function placeFiles(files: readonly ConfigFile[]): string {
  return files.map(placeFile).join('');
}

function placeFile({ path, mode, text }: ConfigFile): string {
  if (!/^(?:\/[A-Za-z0-9_.@+:~-]+)+$/.test(path) || path.split('/').includes('..')) {
    throw new Error(`not a place for a configuration file: ${JSON.stringify(path)}`);
  }
  return heredoc(text, `| place ${mode.toString(8).padStart(4, '0')} ${shellWord(path)}`);
}
