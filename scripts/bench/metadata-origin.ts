// A process that makes a repository of many packages with whole metadata, and serves it on loopback: `node metadata-origin.ts DIR COUNT`.

import { createHash, type Hash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';

const [root = '', countText = ''] = process.argv.slice(2);
const count = Number(countText);

/** A package is its own number, repeated: metadata is what is measured, not the network. */
function bytesOf(number: number): Buffer {
  return Buffer.from(`package ${number}\n`.repeat(8));
}

type Package = { readonly number: number; readonly name: string; readonly file: string; readonly pkgid: string };

function packageOf(number: number): Package {
  const name = `library-with-a-name-${number}`;
  const file = `Packages/${name.slice(0, 1)}/${name}-1.${number % 50}.3-4.el9.x86_64.rpm`;
  return { number, name, file, pkgid: createHash('sha256').update(bytesOf(number)).digest('hex') };
}

/** As much text as a package of a real distribution has: some 3 KB, with twenty requirements. */
function primaryOf({ number, name, file, pkgid }: Package): string {
  const version = `epoch="0" ver="1.${number % 50}.3" rel="4.el9"`;
  const requires = Array.from({ length: 20 }, (_, at) => {
    const other = (number * 7 + at * 13) % count;
    return `<rpm:entry name="library-with-a-name-${other}" flags="GE" epoch="0" ver="1.0" rel="1.el9"/>\n`;
  });
  const files = Array.from({ length: 3 }, (_, at) => `<file>/usr/bin/tool-${number}-${at}</file>\n`);
  return `<package type="rpm">
<name>${name}</name><arch>x86_64</arch><version ${version}/>
<checksum type="sha256" pkgid="YES">${pkgid}</checksum>
<summary>What package ${number} is for</summary>
<description>${'A longer text that says what this does and for whom. '.repeat(6)}</description>
<packager>Nobody in particular</packager><url>http://upstream.invalid/${name}</url>
<time file="1700000000" build="1699999999"/><size package="${bytesOf(number).length}" installed="5000" archive="6000"/>
<location href="${file}"/>
<format><rpm:license>GPLv2+</rpm:license><rpm:vendor>Nobody</rpm:vendor><rpm:group>Unspecified</rpm:group>
<rpm:buildhost>build.invalid</rpm:buildhost><rpm:sourcerpm>${name}-1.${number % 50}.3-4.el9.src.rpm</rpm:sourcerpm>
<rpm:header-range start="4504" end="20000"/>
<rpm:provides><rpm:entry name="${name}" flags="EQ" ${version}/></rpm:provides>
<rpm:requires>${requires.join('')}</rpm:requires>
${files.join('')}</format></package>
`;
}

function headOf({ number, name, pkgid }: Package): string {
  return `<package pkgid="${pkgid}" name="${name}" arch="x86_64"><version epoch="0" ver="1.${number % 50}.3" rel="4.el9"/>\n`;
}

function filelistsOf(one: Package): string {
  const files = Array.from({ length: 25 }, (_, at) => `<file>/usr/share/doc/${one.name}/chapter-${at}.html</file>\n`);
  return `${headOf(one)}${files.join('')}</package>\n`;
}

function otherOf(one: Package): string {
  const entries = Array.from({ length: 5 }, (_, at) => {
    return `<changelog author="Nobody &lt;nobody@upstream.invalid&gt; - 1.${at}" date="${1_600_000_000 + at}">- Mended fault ${at}</changelog>\n`;
  });
  return `${headOf(one)}${entries.join('')}</package>\n`;
}

const DOCUMENTS = [
  { type: 'primary', root: 'metadata', namespace: 'common', render: primaryOf },
  { type: 'filelists', root: 'filelists', namespace: 'filelists', render: filelistsOf },
  { type: 'other', root: 'otherdata', namespace: 'other', render: otherOf },
] as const;
type Document = (typeof DOCUMENTS)[number];

function* textOf({ root: element, namespace, render }: Document): Generator<Buffer> {
  const base = 'http://linux.duke.edu/metadata';
  yield Buffer.from(`<?xml version="1.0" encoding="UTF-8"?>
<${element} xmlns="${base}/${namespace}" xmlns:rpm="${base}/rpm" packages="${count}">\n`);
  for (let at = 0; at < count; at += 50) {
    const some = Array.from({ length: Math.min(50, count - at) }, (_, more) => render(packageOf(at + more)));
    yield Buffer.from(some.join(''));
  }
  yield Buffer.from(`</${element}>\n`);
}

/** Writes one document and answers its entry of repomd.xml. */
async function writeDocument(document: Document): Promise<string> {
  const path = `repodata/${document.type}.xml.gz`;
  const open = measure();
  const packed = measure();
  await pipeline(
    Readable.from(textOf(document)),
    open.through,
    createGzip({ level: 1 }),
    packed.through,
    createWriteStream(join(root, path)),
  );
  return `<data type="${document.type}"><checksum type="sha256">${packed.digest()}</checksum>
<open-checksum type="sha256">${open.digest()}</open-checksum><location href="${path}"/>
<timestamp>1700000000</timestamp><size>${packed.size()}</size><open-size>${open.size()}</open-size></data>\n`;
}

function measure() {
  const hash: Hash = createHash('sha256');
  let sizeBytes = 0;
  return {
    through: async function* (this: void, chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
      for await (const chunk of chunks) {
        hash.update(chunk);
        sizeBytes += chunk.length;
        yield chunk;
      }
    },
    digest: () => hash.digest('hex'),
    size: () => sizeBytes,
  };
}

await mkdir(join(root, 'repodata'), { recursive: true });
const entries: string[] = [];
for (const document of DOCUMENTS) entries.push(await writeDocument(document));
await writeFile(
  join(root, 'repodata/repomd.xml'),
  `<?xml version="1.0" encoding="UTF-8"?>
<repomd xmlns="http://linux.duke.edu/metadata/repo"><revision>1</revision>\n${entries.join('')}</repomd>\n`,
);

const server = createServer((request, response) => {
  const path = (request.url ?? '').slice(1);
  const number = /^Packages\/.*-(\d+)-1\./.exec(path)?.[1];
  if (number !== undefined) {
    response.end(bytesOf(Number(number)));
    return;
  }
  const file = DOCUMENTS.some(({ type }) => path === `repodata/${type}.xml.gz`) || path === 'repodata/repomd.xml';
  if (!file) {
    response.writeHead(404).end();
    return;
  }
  void stat(join(root, path)).then(({ size }) => {
    response.writeHead(200, { 'content-length': size });
    createReadStream(join(root, path)).pipe(response);
  });
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.stdout.write(`${typeof address === 'object' ? address?.port : 0}\n`);
});
