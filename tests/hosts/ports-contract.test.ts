import { afterAll, beforeAll } from 'vitest';
import { systemClock } from '../../apps/cli/src/compose/system-clock.ts';
import { holdToContract } from '../contract/contract-case.ts';
import { clockContract } from '../contract/ports/clock.ts';
import { openHostsSubject } from '../contract/ports/hosts-subject.ts';
import { portContracts } from '../contract/ports/port-contracts.ts';
import type { PortSubject } from '../contract/ports/port-subject.ts';
import { ownMachines } from './own-machines.ts';

// Every port of the product over OpenSSH to real machines.

const machines = await ownMachines();
let opened: { subject: PortSubject; stop(): Promise<void> };
beforeAll(async () => {
  opened = await openHostsSubject(machines);
});
afterAll(() => opened?.stop());

for (const contract of portContracts) holdToContract(contract, 'hosts', () => opened.subject);

// This computer's own time, as the product is given it.
holdToContract(clockContract, 'hosts', () => ({
  clock: systemClock,
  pass: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
}));
