import { exampleCluster } from '@vmstation/core';
import { renderManifests } from '@vmstation/kube';
import { expect, test } from 'vitest';
import { minecraft } from './index.ts';
import { minecraftObjects } from './manifests.ts';

const cluster = exampleCluster();
const app = cluster.apps.find(({ kind }) => kind === 'minecraft') as (typeof cluster.apps)[number];
const { rcon: _rcon, ...withoutRcon } = app;

test('the manifests of the example cluster', async () => {
  await expect(renderManifests(minecraftObjects(app, cluster, 'a password'))).toMatchFileSnapshot('./example.yaml');
});

test('the password is asked for by its name, and is in the Secret and nowhere else', async () => {
  const asked: string[] = [];
  const reveal = async (name: string) => {
    asked.push(name);
    return 'correct horse';
  };
  const objects = await minecraft.objects({ app, workspace: { cluster, apps: [] }, reveal });
  expect(asked).toEqual(['minecraft-rcon']);
  const holders = objects.filter((object) => {
    const text = JSON.stringify(object);
    return text.includes('correct horse') || text.includes(Buffer.from('correct horse').toString('base64'));
  });
  expect(holders.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toEqual(['Secret minecraft-rcon']);
});

test('without a password the remote console is off', () => {
  const text = renderManifests(minecraftObjects(withoutRcon, cluster, undefined));
  expect(text).toContain('name: ENABLE_RCON\n              value: "false"');
  expect(text).not.toContain('kind: Secret');
});

test('without a list of players anybody may log in', () => {
  expect(renderManifests(minecraftObjects({ ...app, players: [] }, cluster, 'x'))).not.toContain('WHITELIST');
});

test('the world belongs to the user of the image', () => {
  expect(minecraft.data(app, cluster)).toEqual({ path: '/var/lib/minecraft', uid: 1000, gid: 1000 });
});
