import { readFileSync } from 'node:fs';
import { expect } from 'vitest';
import type { Contract } from '../contract-case.ts';
import { type CommandCase, readCommandCases } from './command-case.ts';
import type { CommandNode } from './command-node.ts';

const files = {
  debian: [
    'reading',
    'text',
    'files',
    'accounts',
    'units',
    'try-mode',
    'node-files',
    'kernel',
    'devices',
    'network',
    'validators',
    'audit',
    'shell',
    'debian-packages',
    'kerberos',
  ],
  rhel: ['rhel'],
} as const;

/** The families of systems whose commands are held to a contract. */
export type Family = keyof typeof files;

/** All cases of one family. */
export function commandCases(family: Family): readonly CommandCase[] {
  return files[family].flatMap((name) =>
    readCommandCases(readFileSync(new URL(`cases/${name}.txt`, import.meta.url), 'utf8')),
  );
}

function contract(port: string, family: Family): Contract<CommandNode> {
  return {
    port,
    cases: commandCases(family).map(({ title, user, script, exitCode, stdout, cannot }) => ({
      title,
      cannot,
      run: async (node) => {
        const answer = await node.run(script, user);
        expect({ exitCode: answer.exitCode, stdout: answer.stdout }).toEqual({ exitCode, stdout });
      },
    })),
  };
}

/** What commands on Debian's face answer. */
export const debianCommands = contract('Commands, Debian', 'debian');

/** What is RHEL's own: dnf, rpm, firewalld and SELinux. On hosts they run on a Debian machine. */
export const rhelCommands = contract('Commands, RHEL', 'rhel');
