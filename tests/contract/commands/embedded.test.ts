import { beforeAll } from 'vitest';
import { holdToContract } from '../contract-case.ts';
import { debianCommands, rhelCommands } from './command-contracts.ts';
import { type CommandNode, embeddedNode } from './command-node.ts';

let debian: CommandNode;
let rhel: CommandNode;
beforeAll(async () => {
  [debian, rhel] = await Promise.all([embeddedNode('debian-12'), embeddedNode('rhel-10')]);
});

holdToContract(debianCommands, 'embedded', () => debian);
holdToContract(rhelCommands, 'embedded', () => rhel);
