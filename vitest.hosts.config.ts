import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['tests/hosts/**/*.test.ts'],
    // Every file has machines of its own, and waits for them more than it computes.
    maxWorkers: 3,
    testTimeout: 300_000,
    hookTimeout: 600_000,
  },
});
