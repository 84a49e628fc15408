import { afterAll, beforeAll } from 'vitest';
import { holdToContract } from '../contract-case.ts';
import { startEmbeddedSubject } from './embedded-subject.ts';
import { portContracts } from './port-contracts.ts';
import type { PortSubject } from './port-subject.ts';

// Every port of the product over OpenSSH to the embedded lab's machines.

let opened: { subject: PortSubject; stop(): Promise<void> };
beforeAll(async () => {
  opened = await startEmbeddedSubject();
});
afterAll(() => opened?.stop());

for (const contract of portContracts) holdToContract(contract, 'embedded', () => opened.subject);
