import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['{apps,packages,tools}/**/*.test.ts', 'tests/**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/dist/**', 'tests/hosts/**'],
    // Only to end what hangs: two busy cores are no fault of a test.
    testTimeout: 120_000,
    hookTimeout: 180_000,
  },
});
