// A process of its own that syncs one repo, to be killed by a test: `node sync-child.ts DATA UPSTREAM`.

import { startBench } from './sync-bench.ts';

const [data = '', upstream = ''] = process.argv.slice(2);
const bench = await startBench(data);
const result = await bench.sync(upstream);
process.stdout.write(`${JSON.stringify(result)}\n`);
