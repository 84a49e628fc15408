import { afterAll, beforeAll } from 'vitest';
import { holdToContract } from '../contract-case.ts';
import { startEmbeddedSubject } from './embedded-subject.ts';
import { packageContract } from './packages.ts';
import type { PortSubject } from './port-subject.ts';
import { powerContract } from './power.ts';
import { systemContract } from './system.ts';
import { unitContract } from './units.ts';

// The other half of the ports over OpenSSH to the embedded lab's machines.

let opened: { readonly subject: PortSubject; readonly stop: () => Promise<void> };
beforeAll(async () => {
  opened = await startEmbeddedSubject();
});
afterAll(() => opened?.stop());

for (const contract of [packageContract, unitContract, systemContract, powerContract])
  holdToContract(contract, 'embedded', () => opened.subject);
