// Writes metalinks as MirrorManager does, for tests: any checksums, any size, older editions.

import { createHash } from 'node:crypto';

export type Edition = { readonly content: Buffer; readonly types?: readonly string[]; readonly size?: number };
const claimXml = ({ content, types = ['sha256'], size = content.length }: Edition): string =>
  `<mm0:timestamp>1</mm0:timestamp><size>${size}</size><verification>${types
    .map((type) => `<hash type="${type}">${createHash(type).update(content).digest('hex')}</hash>`)
    .join('')}</verification>`;
/** URL → its preference, where it has one. */
export type Urls = Readonly<Record<string, number | undefined>>;
export function metalinkXml(newest: Edition, urls: Urls, older: readonly Edition[] = []): Buffer {
  const alternates = older.map((edition) => `<mm0:alternate>${claimXml(edition)}</mm0:alternate>`).join('');
  const resources = Object.entries(urls).map(([url, preference]) => {
    const attribute = preference === undefined ? '' : ` preference="${preference}"`;
    return `<url protocol="http" type="http"${attribute}>${url}</url>`;
  });
  return Buffer.from(`<?xml version="1.0" encoding="utf-8"?>
<metalink version="3.0" xmlns="http://www.metalinker.org/" xmlns:mm0="http://fedorahosted.org/mirrormanager"><files>
<file name="repomd.xml">${claimXml(newest)}${older.length === 0 ? '' : `<mm0:alternates>${alternates}</mm0:alternates>`}
<resources maxconnections="1">${resources.join('\n')}</resources></file></files></metalink>`);
}
