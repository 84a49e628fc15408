import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { KubePort } from '@vmstation/core';
import { kubeConnector } from '@vmstation/kube';
import { writeSecret } from '@vmstation/workspace';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type LabWorkspace, openLabWorkspace } from './lab-workspace.ts';

const clock = { now: () => new Date(), sleep: (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms)) };
const patience = 300_000;

let lab: LabWorkspace;
let kube: KubePort;
let clusterFile = '';

beforeAll(async () => {
  lab = await openLabWorkspace();
  clusterFile = await readFile(join(lab.root, 'vmstation.yaml'), 'utf8');
  const { exitCode, text } = await lab.vmstation(['up', '--yes', '--to', 'application-stack']);
  if (exitCode !== 0) throw new Error(text);
  kube = await kubeConnector({ kubeconfigFile: join(lab.root, '.vmstation/kubeconfig'), clock }).connect();
}, patience);
afterAll(async () => {
  kube?.close();
  await lab?.remove();
});

const kinds = [
  ['apps/v1', 'StatefulSet'],
  ['apps/v1', 'Deployment'],
  ['v1', 'Service'],
  ['v1', 'ConfigMap'],
  ['v1', 'Secret'],
  ['v1', 'PersistentVolumeClaim'],
  ['v1', 'PersistentVolume'],
  ['v1', 'Namespace'],
] as const;

/** Every object of these kinds but what the cluster itself keeps in motion, with its uid: one that was made anew is another one. */
async function objects(): Promise<readonly string[]> {
  const lists = await Promise.all(kinds.map(([apiVersion, kind]) => kube.list({ apiVersion, kind })));
  return lists
    .flat()
    .map(({ kind, metadata }) => `${kind} ${metadata.namespace ?? ''}/${metadata.name} ${String(metadata['uid'])}`)
    .toSorted();
}

const without = (all: readonly string[], left: readonly string[]) =>
  all.filter((object) => !left.includes(object)).map((object) => object.slice(0, object.lastIndexOf(' ')));
const withoutMinecraft = () =>
  writeFile(join(lab.root, 'vmstation.yaml'), clusterFile.replace(/^ {2}minecraft: .*\n/m, ''));
const withMinecraft = () => writeFile(join(lab.root, 'vmstation.yaml'), clusterFile);
const deploy = (...args: readonly string[]) => lab.vmstation(['app', 'deploy', ...args]);

const runs = ['StatefulSet minecraft/minecraft', 'Service minecraft/minecraft', 'Secret minecraft/minecraft-rcon'];

test(
  'drift sees what somebody took away by hand, also of an application that is tied to a node',
  async () => {
    const clean = await lab.vmstation(['drift']);
    expect(clean.exitCode, clean.text).toBe(0);
    const keep = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'jellyfin', namespace: 'jellyfin' };
    expect((await kube.prune('application-stack.jellyfin', [keep])).map(({ kind }) => kind)).toEqual(['Service']);
    const drift = await lab.vmstation(['drift']);
    expect(drift.text).toContain('Service jellyfin/jellyfin');
    expect(drift.exitCode).toBe(2);
    expect((await deploy('--yes')).exitCode).toBe(0);
    expect((await lab.vmstation(['drift'])).exitCode).toBe(0);
  },
  patience,
);

test(
  'the plan says what would be removed and what stays, and a dry run touches nothing',
  async () => {
    const before = await objects();
    await withoutMinecraft();
    const planned = await deploy('--dry-run');
    expect(planned.exitCode).toBe(2);
    for (const name of runs) expect(planned.text).toContain(`${name} object present → absent`);
    expect(planned.text).toContain('PersistentVolumeClaim minecraft/minecraft');
    expect(planned.text).toContain('stays, it holds data (--delete-data minecraft removes it too)');
    expect(await objects()).toEqual(before);
  },
  patience,
);

test(
  'drift and verify tell of what is left',
  async () => {
    const drift = await lab.vmstation(['drift']);
    expect(drift.exitCode).toBe(2);
    expect(drift.text).toContain('StatefulSet minecraft/minecraft');
  },
  patience,
);

test(
  'exactly what was applied for it goes; its data and everything else stays; the next run has nothing to do',
  async () => {
    const before = await objects();
    const removed = await deploy('--yes');
    expect(removed.exitCode, removed.text).toBe(0);
    const after = await objects();
    expect(without(before, after).toSorted()).toEqual(runs.toSorted());
    const again = await deploy('--yes');
    expect(again.exitCode).toBe(0);
    expect(again.text).toContain('Nothing to change');
    expect(await objects()).toEqual(after);
  },
  patience,
);

test(
  'put back into the cluster file it runs again, on the data that stayed',
  async () => {
    const claim = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', name: 'minecraft', namespace: 'minecraft' };
    const uid = (await kube.get(claim))?.metadata['uid'];
    await withMinecraft();
    const back = await deploy('--yes');
    expect(back.exitCode, back.text).toBe(0);
    expect((await kube.get(claim))?.metadata['uid']).toBe(uid);
  },
  patience,
);

test(
  'data is deleted only of what is removed, by name, and a plan without that name never does',
  async () => {
    const refused = await deploy('--yes', '--delete-data', 'minecraft');
    expect(refused.exitCode).toBe(64);
    expect(refused.text).toContain('app/no-data-to-delete');
    await withoutMinecraft();
    const planned = await deploy('--dry-run', '--delete-data', 'minecraft');
    expect(planned.text).toContain('cannot be undone');
    const before = await objects();
    const removed = await deploy('--yes', '--delete-data', 'minecraft');
    expect(removed.exitCode, removed.text).toBe(0);
    expect(without(before, await objects()).toSorted()).toEqual(
      [...runs, 'PersistentVolumeClaim minecraft/minecraft', 'PersistentVolume /minecraft-minecraft'].toSorted(),
    );
  },
  patience,
);

test(
  'an application under a new name takes over the port of the one that goes',
  async () => {
    await writeFile(
      join(lab.root, 'vmstation.yaml'),
      clusterFile.replace(/^ {2}minecraft: \{/m, '  world: { kind: minecraft,'),
    );
    await writeSecret(lab.root, 'world-rcon', 'a password');
    const { exitCode, text } = await deploy('--yes');
    expect(exitCode, text).toBe(0);
  },
  patience,
);
