import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    expect: { poll: { timeout: 60_000 } },
    include: ['tests/guests/**/*.test.ts'],
    globalSetup: ['tests/guests/one-guest.ts'],
    setupFiles: ['tests/guests/record-cases.ts'],
    // The files share one guest, one after the other; each begins by taking it back to its start.
    fileParallelism: false,
    // Only to end what hangs: where instructions are translated, a start of a guest takes minutes on a busy computer.
    testTimeout: 1_800_000,
    hookTimeout: 1_800_000,
  },
});
