import type { Contract } from '../contract-case.ts';
import { fileSystemContract } from './file-system.ts';
import { packageContract } from './packages.ts';
import type { PortSubject } from './port-subject.ts';
import { systemContract } from './system.ts';
import { transportContract } from './transport.ts';
import { unitContract } from './units.ts';

/** The contracts of the ports that reach and change machines. */
export const portContracts: readonly Contract<PortSubject>[] = [
  transportContract,
  fileSystemContract,
  packageContract,
  unitContract,
  systemContract,
];
