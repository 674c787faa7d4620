// Takes a rendered kickstart apart: its commands, and each section's header and body.

export type KickstartSection = { readonly name: string; readonly options: string; readonly body: string };

/** The commands outside sections, without comments and empty lines. */
export function commandsOf(kickstart: string): readonly string[] {
  return kickstart
    .replaceAll(/^%(?!include)[\s\S]*?^%end$/gm, '')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
}

export function sectionsOf(kickstart: string): readonly KickstartSection[] {
  const matches = kickstart.matchAll(/^%(?!include|end)(\S+)(.*)\n([\s\S]*?)^%end$/gm);
  return [...matches].map(([, name = '', options = '', body = '']) => ({ name, options, body }));
}

export function bodyOf(kickstart: string, name: string): string {
  const found = sectionsOf(kickstart).filter((section) => section.name === name);
  if (found.length !== 1) throw new Error(`${found.length} sections %${name}`);
  return found[0]?.body ?? '';
}
