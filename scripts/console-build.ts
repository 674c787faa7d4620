// Builds the console's script from server/console/app: one file, replaced by rename, so that a page asks for a whole one.

import { mkdtemp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { rolldown } from 'rolldown';

const CONSOLE = new URL('../server/console/', import.meta.url).pathname;

/** Writes `app.js` into `directory`, by default where the appliance serves it from; answers its path. */
export async function buildConsole(directory = join(CONSOLE, 'assets')): Promise<string> {
  const bundle = await rolldown({
    input: join(CONSOLE, 'app/main.ts'),
    platform: 'browser',
    tsconfig: join(CONSOLE, 'app/tsconfig.json'),
    logLevel: 'silent',
  });
  const beside = await mkdtemp(join(directory, '.build-'));
  try {
    await bundle.write({ file: join(beside, 'app.js'), format: 'esm', minify: true, codeSplitting: false });
    await rename(join(beside, 'app.js'), join(directory, 'app.js'));
  } finally {
    await bundle.close();
    await rm(beside, { recursive: true });
  }
  return join(directory, 'app.js');
}

if (import.meta.main) await buildConsole();
