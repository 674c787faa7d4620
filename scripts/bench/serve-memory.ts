// A child process of the serving bench: node:http alone, the packages of a directory in memory. What any server on Node can come to. Called with PORT and DIRECTORY.

import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';

const [, , port = '', directory = ''] = process.argv;

const packages = new Map(
  readdirSync(join(directory, 'Packages')).map((name) => [
    `/Packages/${name}`,
    readFileSync(join(directory, 'Packages', name)),
  ]),
);
const server = createServer((request, response) => {
  const bytes = packages.get(request.url ?? '');
  response.writeHead(bytes === undefined ? 404 : 200, { 'Content-Length': bytes?.byteLength ?? 0 });
  response.end(bytes);
});
server.listen(Number(port), '127.0.0.1');
process.once('SIGTERM', () => {
  server.close();
  server.closeAllConnections();
});
