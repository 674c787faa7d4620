// A process of its own that goes on putting a link (its second argument) in the place of a directory (its first) and back, until it is killed.

import { renameSync } from 'node:fs';

const [directory = '', link = ''] = process.argv.slice(2);
for (;;) {
  renameSync(directory, `${directory}.kept`);
  renameSync(link, directory);
  renameSync(directory, link);
  renameSync(`${directory}.kept`, directory);
}
