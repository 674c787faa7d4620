// A process of its own that serves a repository slowly, for a network namespace: `node upstream-child.ts DIRECTORY ADDRESS PORT`.

import { slowly, startUpstream } from './fake-upstream.ts';
import { filesBelow } from './lab-appliance.ts';

const [directory = '', address = '', port = ''] = process.argv.slice(2);
const files = await filesBelow(directory);
const upstream = await startUpstream(files, { at: { address, port: Number(port) } });
// Long enough for who watches a sync to see that it goes on.
for (const path of files.keys()) if (path.endsWith('.rpm')) upstream.always(path, slowly({ pieces: 8, everyMs: 250 }));
process.stdout.write(`serves at ${upstream.url}\n`);
