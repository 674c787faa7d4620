// A process of its own that syncs one tree, to be killed by a test: `node tree-sync-child.ts DATA UPSTREAM`.

import { startTreeBench } from '../mirror/tree/remote/rig.ts';

const [data = '', upstream = ''] = process.argv.slice(2);
const bench = await startTreeBench(data);
const result = await bench.sync(upstream);
process.stdout.write(`${JSON.stringify(result)}\n`);
