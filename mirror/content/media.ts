// The Content-Type of a file, by its name's extension. Pure.

/** Compressed files are typed as what they are, so that no client unpacks them on the way: no Content-Encoding is ever sent. */
const TYPES: Readonly<Record<string, string>> = {
  bz2: 'application/x-bzip2',
  c32: 'application/octet-stream',
  cfg: 'text/plain; charset=utf-8',
  css: 'text/css; charset=utf-8',
  deb: 'application/vnd.debian.binary-package',
  drpm: 'application/x-rpm',
  // UEFI HTTP boot takes the kind of image from Content-Type, else from the extension (EDK2 HttpBootDxe).
  efi: 'application/efi',
  gif: 'image/gif',
  gz: 'application/gzip',
  html: 'text/html; charset=utf-8',
  htm: 'text/html; charset=utf-8',
  img: 'application/octet-stream',
  ipxe: 'text/plain; charset=utf-8',
  iso: 'application/x-iso9660-image',
  jpg: 'image/jpeg',
  json: 'application/json',
  ks: 'text/plain; charset=utf-8',
  pdf: 'application/pdf',
  png: 'image/png',
  repo: 'text/plain; charset=utf-8',
  rpm: 'application/x-rpm',
  sha256: 'text/plain; charset=utf-8',
  sqlite: 'application/vnd.sqlite3',
  svg: 'image/svg+xml',
  tar: 'application/x-tar',
  tgz: 'application/gzip',
  treeinfo: 'text/plain; charset=utf-8',
  txt: 'text/plain; charset=utf-8',
  xml: 'application/xml',
  xz: 'application/x-xz',
  yaml: 'application/yaml',
  zip: 'application/zip',
  zst: 'application/zstd',
};

/** The media type of a file named `name`; `application/octet-stream` where the extension says nothing. */
export function contentTypeOf(name: string): string {
  const dot = name.lastIndexOf('.');
  const extension = dot === -1 ? '' : name.slice(dot + 1).toLowerCase();
  return Object.hasOwn(TYPES, extension) ? (TYPES[extension] ?? OCTETS) : OCTETS;
}

const OCTETS = 'application/octet-stream';
