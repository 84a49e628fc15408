import type { Contract } from '../contract-case.ts';
import { clockContract } from './clock.ts';
import { fileSystemContract } from './file-system.ts';
import { packageContract } from './packages.ts';
import type { PortSubject } from './port-subject.ts';
import { powerContract } from './power.ts';
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
  powerContract,
];

/** Every contract of this folder by its name. The Kubernetes API's is in a folder of its own. */
export const allPortContracts: readonly Contract<never>[] = [...portContracts, clockContract];
