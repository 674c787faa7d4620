import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

// Boots that prove no path of their own run in CI, and by `npm run test:boot`.
const all = process.env['CI'] !== undefined || process.env['KICKSTAND_TEST_BOOTS'] === 'all';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: all ? [] : ['test/boots/heavy/**'],
    isolate: false,
    // A machine that boots waits as often as it works: two at a time even where vitest would leave a core to itself.
    maxWorkers: Math.max(2, availableParallelism()),
    testTimeout: 30_000,
    hookTimeout: 120_000,
    reporters: ['default', './test/support/summary-reporter.ts'],
  },
});
