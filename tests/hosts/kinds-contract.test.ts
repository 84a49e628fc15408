import { afterAll, beforeAll } from 'vitest';
import { holdToContract } from '../contract/contract-case.ts';
import { kindContract } from '../contract/kinds/kind-contracts.ts';
import type { KindSubject } from '../contract/kinds/kind-subject.ts';
import { openHostsSubject } from '../contract/ports/hosts-subject.ts';
import { asRoot, type PortSubject } from '../contract/ports/port-subject.ts';
import { ownMachines } from './own-machines.ts';

// Every kind of resource over OpenSSH on a real machine.

// What signs bookworm-backports; one file for each key stands on every Debian.
const keyFile = '/etc/apt/trusted.gpg.d/debian-archive-bookworm-automatic.asc';

const machines = await ownMachines();
let archiveKey: string;
let opened: { subject: PortSubject; stop(): Promise<void> };
beforeAll(async () => {
  opened = await openHostsSubject(machines);
  archiveKey = await asRoot(opened.subject, `cat ${keyFile}`);
});
afterAll(() => opened?.stop());

holdToContract(kindContract, 'hosts', (): KindSubject => ({ ...opened.subject, family: 'debian', archiveKey }));
