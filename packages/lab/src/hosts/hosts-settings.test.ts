import { exampleCluster } from '@vmstation/core';
import { expect, test } from 'vitest';
import { hostsSettingsOf, notesOn } from './hosts-settings.ts';
import { hostsLabFolders, hostsLabNames } from './settings.ts';

const cluster = exampleCluster();

test('a real machine bears its model’s address and card, and is reached at one of the lab’s own', () => {
  const { machines } = hostsSettingsOf(cluster, 'ws-1', '/w/.vmstation/lab/operator_ed25519');
  const names = hostsLabNames(7);
  const storage = machines.find(({ name }) => name === 'storagenodet3500');
  expect(storage).toMatchObject({
    model: { address: '192.168.4.61', prefixLength: 24, gateway: '192.168.4.1' },
    mac: cluster.nodes.find(({ name }) => name === 'storagenodet3500')?.mac,
    sshPort: 22,
  });
  expect(machines.map((machine) => names.address(machine))).toEqual(['10.78.107.63', '10.78.107.61', '10.78.107.62']);
});

test('nodes whose addresses end alike get different addresses in the lab', () => {
  const nodes = cluster.nodes.map((node, index) => ({ ...node, address: `192.168.${index}.1` }));
  const { machines } = hostsSettingsOf({ ...cluster, nodes }, 'ws-1', '/key');
  expect(machines.map(({ octet }) => octet)).toEqual([2, 3, 4]);
});

test('what these machines cannot be or do is said before anything is tried', () => {
  const notes = notesOn(cluster).join('\n');
  expect(notes).toContain('homelab is rhel-10 in the model');
  expect(notes).toContain('storagenodet3500 exports NFS');
  expect(notes).toContain('no Kubernetes');
});

test('an interface name of any slot fits into the kernel’s 15 characters', () => {
  expect(hostsLabNames(32).hostInterface(999).length).toBeLessThanOrEqual(15);
});

test('another list of packages is another layer, so no lab changes the one under another’s machines', () => {
  const settings = hostsSettingsOf(cluster, 'ws-1', '/key');
  const { layer, base } = hostsLabFolders(settings, 1);
  const other = hostsLabFolders({ ...settings, packages: [...settings.packages, 'tree'] }, 1);
  expect(other.layer).not.toBe(layer);
  expect(other.base).toBe(base);
});
