import { dependenciesRole } from './dependencies/index.ts';
import { nodePreparationRole } from './node-preparation/index.ts';
import type { SetupRole } from './setup-role.ts';
import { sshKeysRole } from './ssh-keys/index.ts';

/** The roles of setup, in the order in which their steps appear. */
export const setupRoles: readonly SetupRole[] = [sshKeysRole, dependenciesRole, nodePreparationRole];
