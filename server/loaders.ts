// The loaders that are there, as plain data: sets that belong together, where each comes from, and their files by name. No look-up is here.

/** What a set is: pxelinux and its modules; shim, GRUB and what they load; iPXE in its forms; GRUB's run-time modules. */
export type LoaderFamily = 'pxelinux' | 'uefi' | 'ipxe' | 'grub-modules';

/** RPM's names. Programs of the BIOS count as `x86_64`: they run on any PC. */
export type LoaderArch = 'x86_64' | 'i386' | 'aarch64';

/** Where a set comes from: lying in a tree, unpacked from packages of a tree, or from packages of the host system. */
export type LoaderOrigin =
  | { readonly kind: 'tree'; readonly tree: string }
  | { readonly kind: 'rpm'; readonly tree: string; readonly packages: readonly string[] }
  | { readonly kind: 'host' };

/** One loader: its file as a store knows it, and the path it has where it comes from. */
export type LoaderFile<F> = { readonly file: F; readonly path: string };

/** Files of one build, from one origin: they are given out together or not at all. */
export type LoaderSet<F> = {
  readonly family: LoaderFamily;
  readonly arch: LoaderArch;
  readonly origin: LoaderOrigin;
  /** By the names they are given out under, in lower case where they are for UEFI (see `uefiNames`). */
  readonly files: ReadonlyMap<string, LoaderFile<F>>;
};

/** A place that should have given loaders, and why it did not. */
export type LoaderLack = { readonly where: string; readonly reason: string };

/** Every set there is: those of trees in the site's order, then the host's; of one origin the better one first. */
export type LoaderCatalog<F> = { readonly sets: readonly LoaderSet<F>[]; readonly lacks: readonly LoaderLack[] };

/** The suffix of UEFI programs for an architecture, and GRUB's name of the platform. */
export const uefiNames: Readonly<Record<LoaderArch, { readonly suffix: string; readonly platform: string }>> = {
  x86_64: { suffix: 'x64', platform: 'x86_64-efi' },
  i386: { suffix: 'ia32', platform: 'i386-efi' },
  aarch64: { suffix: 'aa64', platform: 'arm64-efi' },
};

/** An origin in words. */
export function originText(origin: LoaderOrigin): string {
  switch (origin.kind) {
    case 'tree':
      return `tree ${origin.tree}`;
    case 'rpm':
      return `tree ${origin.tree}, ${origin.packages.join(' and ')}`;
    case 'host':
      return 'this system';
  }
}
