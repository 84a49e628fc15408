import { exampleCluster, type ProcessRunner } from '@vmstation/core';
import { expect, test } from 'vitest';
import { installerFinding } from './installer-finding.ts';

const findingWith = (place: string | undefined) => {
  const processes: Pick<ProcessRunner, 'findOnPath'> = { findOnPath: async () => place };
  return installerFinding(processes as ProcessRunner, exampleCluster().versions);
};

test('a computer without ansible-playbook is a warning that says where it comes from', async () => {
  const { state, tryThis } = await findingWith(undefined);
  expect(state).toBe('warning');
  expect(tryThis).toContain('requirements.txt');
  expect(tryThis).toContain('vmstation explain infra/installer-missing');
});

test('a computer with it is fine', async () => {
  expect(await findingWith('/venv/bin/ansible-playbook')).toMatchObject({
    state: 'ok',
    evidence: '/venv/bin/ansible-playbook on this computer',
  });
});
