import { appendFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type LabWorkspace, openLabWorkspace } from './lab-workspace.ts';

const patience = 180_000;
let lab: LabWorkspace;

beforeAll(async () => {
  lab = await openLabWorkspace(async (root) => {
    await mkdir(join(root, 'playbooks'));
    await writeFile(join(root, 'playbooks/agent.yml'), '- hosts: all\n  tasks: []\n');
    await appendFile(
      join(root, 'vmstation.yaml'),
      '\nplaybooks:\n  agent: { after: tools, groups: [storage, compute] }\n',
    );
  });
}, patience);

afterAll(() => lab.remove(), patience);

test('what simulated machines cannot run is not proved, for each node, and never green', {
  timeout: patience,
}, async () => {
  const { text } = await lab.vmstation(['up', '--only', 'tools', '--tags', 'agent', '--yes']);
  expect(text).toContain('2 not proved');
  expect(text).toContain('the simulated machines have no Python');
});

test('of a node that sleeps nothing is asked: its step waits', { timeout: patience }, async () => {
  const slept = ['lab', 'ssh', 'storagenodet3500', '--', 'sudo', 'systemctl', 'suspend'];
  expect(await lab.vmstation(slept)).toMatchObject({ exitCode: 0 });
  const { text } = await lab.vmstation(['up', '--only', 'tools', '--tags', 'agent', '--yes']);
  expect(text).toContain('1 not proved');
  expect(text).toContain('1 queued');
});

test('a playbook without a file is a fault of the workspace, with its place', { timeout: patience }, async () => {
  await appendFile(join(lab.root, 'vmstation.yaml'), '  other: { nodes: [nowhere] }\n');
  const { exitCode, text } = await lab.vmstation(['check']);
  expect(exitCode).toBe(64);
  expect(text).toContain('There is no playbooks/other.yml.');
  expect(text).toContain('There is no node nowhere.');
});
