import { afterAll, beforeAll, inject } from 'vitest';
import { holdToContract } from '../contract/contract-case.ts';
import { openHostsSubject } from '../contract/ports/hosts-subject.ts';
import { portContracts } from '../contract/ports/port-contracts.ts';
import type { PortSubject } from '../contract/ports/port-subject.ts';

// Every port of the product over OpenSSH to real machines.

let opened: { subject: PortSubject; stop(): Promise<void> };
beforeAll(async () => {
  opened = await openHostsSubject(inject('machines'));
});
afterAll(() => opened?.stop());

for (const contract of portContracts) holdToContract(contract, 'hosts', () => opened.subject);
