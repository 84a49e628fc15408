import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    expect: { poll: { timeout: 60_000 } },
    // Quoting is proven by the shells of the same machine, BusyBox's among them.
    include: ['tests/hosts/**/*.test.ts', 'packages/host/src/script/quoting.test.ts'],
    // Every file has machines of its own, and waits for them more than it computes.
    maxWorkers: 3,
    testTimeout: 300_000,
    hookTimeout: 600_000,
  },
});
