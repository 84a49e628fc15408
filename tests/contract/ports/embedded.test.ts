import { afterAll, beforeAll } from 'vitest';
import { VirtualClock } from '../../../packages/lab/src/clock/virtual-clock.ts';
import { holdToContract } from '../contract-case.ts';
import { clockContract } from './clock.ts';
import { startEmbeddedSubject } from './embedded-subject.ts';
import { fileSystemContract } from './file-system.ts';
import type { PortSubject } from './port-subject.ts';
import { transportContract } from './transport.ts';

// The product's ports over OpenSSH to the embedded lab's machines. The other half is in a file beside, with a lab of its own.

let opened: { readonly subject: PortSubject; readonly stop: () => Promise<void> };
beforeAll(async () => {
  opened = await startEmbeddedSubject();
});
afterAll(() => opened?.stop());

for (const contract of [transportContract, fileSystemContract])
  holdToContract(contract, 'embedded', () => opened.subject);

// The lab's own time, which goes by when it is told to.
holdToContract(clockContract, 'embedded', () => {
  const virtual = new VirtualClock(Date.UTC(2026, 10, 23));
  return { clock: virtual.product, pass: (ms) => virtual.advance(ms) };
});
