import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    expect: { poll: { timeout: 60_000 } },
    include: ['{apps,packages,tools}/**/*.test.ts', 'tests/**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/dist/**', 'tests/hosts/**', 'tests/guests/**'],
    // Half of the tests wait for something (a service that has to stay up, a clock, ssh): more of them than processors run at a time.
    maxWorkers: Math.max(3, availableParallelism()),
    // Only to end what hangs: two busy cores are no fault of a test.
    testTimeout: 120_000,
    hookTimeout: 180_000,
  },
});
