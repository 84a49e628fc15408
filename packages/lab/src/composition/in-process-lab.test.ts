import { exampleCluster } from '@vmstation/core';
import { expect, test } from 'vitest';
import { InProcessLab } from './in-process-lab.ts';

test('machines whose model has a password for sudo ask for one, and the lab’s own transport has it', async () => {
  const cluster = exampleCluster();
  const nodes = cluster.nodes.map((node) =>
    node.name === 'homelab' ? { ...node, ssh: { ...node.ssh, user: 'ops', sudoPassword: { secret: 'sudo' } } } : node,
  );
  const onError = (what: string): never => {
    throw new Error(what);
  };
  const lab = await InProcessLab.start({ model: { ...cluster, nodes }, seed: 'sudo', startMs: 0, onError });
  const transport = lab.transport();
  const run = (argv: readonly string[], elevate: boolean) =>
    lab.clock.until(transport.run('homelab', { argv, elevate, timeoutMs: 60_000 }));
  expect(await run(['sudo', '-n', 'true'], false)).toMatchObject({
    exitCode: 1,
    stderr: 'sudo: a password is required\n',
  });
  expect(Buffer.from((await run(['id', '-un'], true)).stdout).toString()).toBe('root\n');
  const elsewhere = lab.clock.until(
    transport.run('masternode', { argv: ['id', '-un'], elevate: true, timeoutMs: 60_000 }),
  );
  expect(Buffer.from((await elsewhere).stdout).toString()).toBe('root\n');
});
