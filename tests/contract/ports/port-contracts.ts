import type { Contract } from '../contract-case.ts';
import type { PortSubject } from './port-subject.ts';
import { transportContract } from './transport.ts';

/** The contracts of the ports that reach and change machines. */
export const portContracts: readonly Contract<PortSubject>[] = [transportContract];
