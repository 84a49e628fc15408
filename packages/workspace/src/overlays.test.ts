import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { effectiveSettings, nodeOf, overlayFilesOf, toAppError } from '@vmstation/core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { explainableKeys, explainValue } from './explain-value.ts';
import { initWorkspace } from './init-workspace.ts';
import { loadWorkspace, openWorkspace } from './load-workspace.ts';

let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'vmstation-overlays-'));
  await initWorkspace(root, { example: true });
});

afterEach(async () => {
  await rm(root, { recursive: true, force: true });
});

async function put(path: string, content: string | Uint8Array): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await writeFile(join(root, path), content);
}

async function faults(): Promise<readonly string[]> {
  return ((await loadWorkspace(root)).faults ?? []).map((fault) => `${fault.file} ${fault.code}: ${fault.tryThis}`);
}

test('files go to the node under their own path, the host’s before the groups’, scripts executable', async () => {
  await put('group/common/etc/motd', 'everybody\n');
  await put('group/common/etc/issue', 'common\n');
  await put('group/storage/etc/issue', 'storage\n');
  await put('hosts/storagenodet3500/usr/local/bin/hello', '#!/bin/sh\n');
  await chmod(join(root, 'hosts/storagenodet3500/usr/local/bin/hello'), 0o755);
  const { overlays, cluster } = await openWorkspace(root);
  const filesOf = (name: string): unknown =>
    overlayFilesOf(overlays, nodeOf(cluster, name)).map((file) => [file.path, file.mode, file.origin]);
  expect(filesOf('storagenodet3500')).toEqual([
    ['/etc/issue', '0644', 'group/storage/etc/issue'],
    ['/etc/motd', '0644', 'group/common/etc/motd'],
    ['/usr/local/bin/hello', '0755', 'hosts/storagenodet3500/usr/local/bin/hello'],
  ]);
  expect(filesOf('masternode')).toEqual([
    ['/etc/issue', '0644', 'group/common/etc/issue'],
    ['/etc/motd', '0644', 'hosts/masternode/etc/motd'],
  ]);
});

test('permissions and owners that are not the usual ones stand in the settings, and only for files that are there', async () => {
  await put('hosts/homelab/etc/sudoers.d/a', 'a ALL=(ALL) ALL\n');
  await put('hosts/homelab/etc/motd', 'x\n');
  await put('hosts/homelab/settings.yaml', 'files:\n  /etc/sudoers.d/a: { mode: "0440", group: wheel }\n');
  const { overlays, cluster } = await openWorkspace(root);
  const files = overlayFilesOf(overlays, nodeOf(cluster, 'homelab')).map(({ path, mode, owner, group }) => ({
    path,
    mode,
    owner,
    group,
  }));
  expect(files).toEqual([
    { path: '/etc/motd', mode: '0644', owner: undefined, group: undefined },
    { path: '/etc/sudoers.d/a', mode: '0440', owner: undefined, group: 'wheel' },
  ]);
  await put(
    'hosts/homelab/settings.yaml',
    'files:\n  /etc/sudoers.d/b: { mode: "440" }\n  /etc/mot: { owner: root }\n',
  );
  expect(await faults()).toEqual([expect.stringContaining('hosts/homelab/settings.yaml overlay/invalid-settings')]);
  await put('hosts/homelab/settings.yaml', 'files:\n  /etc/mot: { owner: root }\n');
  expect(await faults()).toEqual(['hosts/homelab/settings.yaml overlay/invalid-settings: Did you mean /etc/motd?']);
});

test('settings merge key by key, the host’s before the groups’, and say where they come from', async () => {
  await put(
    'group/storage/settings.yaml',
    'sysctl: { vm.swappiness: 20, fs.file-max: 99 }\npackages: [smartmontools]\n',
  );
  await put('hosts/storagenodet3500/settings.yaml', 'sysctl:\n  vm.swappiness: 30\ntimezone: Europe/Berlin\n');
  const workspace = await openWorkspace(root);
  const settings = effectiveSettings(workspace.overlays, nodeOf(workspace.cluster, 'storagenodet3500'));
  expect(Object.fromEntries([...settings.sysctl].map(([key, sourced]) => [key, sourced.value]))).toEqual({
    'vm.swappiness': '30',
    'fs.file-max': '99',
  });
  expect([...settings.packages.keys()]).toEqual(['lsof', 'smartmontools']);
  expect(settings.timezone).toEqual({ value: 'Europe/Berlin', origin: 'hosts/storagenodet3500/settings.yaml' });
  const explained = explainValue(workspace, 'storagenodet3500', 'sysctl.vm.swappiness', {
    'sysctl.vm.swappiness': '1',
  });
  expect(explained.sources.map((source) => `${source.level} ${String(source.value)} ${source.origin}`)).toEqual([
    'group 10 group/common/settings.yaml:3:3',
    'group 20 group/storage/settings.yaml:1:11',
    'host 30 hosts/storagenodet3500/settings.yaml:2:3',
    'command-line 1 command line',
  ]);
  expect(explained.value).toBe('1');
  expect(explainValue(workspace, 'storagenodet3500', 'packages')).toMatchObject({
    merged: true,
    value: ['lsof', 'smartmontools'],
  });
});

test('a package is a name, or a name with version and hold; the host says which, and a plain name adds nothing', async () => {
  await put('group/storage/settings.yaml', 'packages:\n  - { name: lsof, version: "4.95-1", held: true }\n  - jq\n');
  await put('hosts/storagenodet3500/settings.yaml', 'packages:\n  - lsof\n  - { name: lsof, held: false }\n');
  const workspace = await openWorkspace(root);
  const settings = effectiveSettings(workspace.overlays, nodeOf(workspace.cluster, 'storagenodet3500'));
  expect([...settings.packages.values()]).toEqual([
    {
      value: { name: 'lsof', version: '4.95-1', held: false },
      origin: 'group/common/settings.yaml, group/storage/settings.yaml, hosts/storagenodet3500/settings.yaml',
    },
    { value: { name: 'jq' }, origin: 'group/storage/settings.yaml' },
  ]);
  expect(explainValue(workspace, 'storagenodet3500', 'packages').value).toEqual([
    { name: 'lsof', version: '4.95-1', held: false },
    'jq',
  ]);
});

test.each([
  '{ name: jq, version: 1.7 }',
  '{ name: jq, version: "1 7" }',
  '{ version: "1.7" }',
  '-jq',
  '{ name: jq, hold: true }',
])('a package as %s is refused', async (one) => {
  await put('hosts/homelab/settings.yaml', `packages: [ ${one} ]\n`);
  expect(await faults()).toEqual([expect.stringContaining('hosts/homelab/settings.yaml overlay/invalid-settings')]);
});

test('values of the cluster file are explained, and where nothing is written, the default', async () => {
  const workspace = await openWorkspace(root);
  const told = (key: string): unknown => {
    const { value, sources } = explainValue(workspace, 'homelab', key);
    return [value, ...sources.map((source) => source.origin)];
  };
  expect(told('power.policy')).toEqual(['on-demand', 'default', 'vmstation.yaml:43:15']);
  expect(told('os')).toEqual(['rhel-10', 'vmstation.yaml:39:9']);
  expect(told('power.wake-within')).toEqual(['6m', 'default', 'vmstation.yaml:45:20']);
  expect(told('ssh.user')).toEqual(['root', 'default']);
  expect(told('timezone')).toEqual(['Etc/UTC', 'default']);
  expect(explainableKeys(workspace, 'homelab')).toContain('sysctl.vm.swappiness');
  expect(() => explainValue(workspace, 'homelab', 'sysctl.vm.swapiness')).toThrow(
    expect.objectContaining({ code: 'config/unknown-key', tryThis: 'Did you mean sysctl.vm.swappiness?' }),
  );
  expect(() => explainValue(workspace, 'homelap', 'os')).toThrow(
    expect.objectContaining({ code: 'config/unknown-node', tryThis: 'Did you mean homelab?' }),
  );
});

test('a folder for a node or group that does not exist is refused, with what was meant', async () => {
  await put('hosts/masternod/etc/motd', '');
  await put('group/storge/etc/motd', '');
  await put('hosts/stray.conf', '');
  expect(await faults()).toEqual([
    'group/storge overlay/unknown-target: Did you mean storage? Or add it to groups: of a node.',
    'hosts/masternod overlay/unknown-target: Did you mean masternode?',
    'hosts/stray.conf overlay/unknown-target: Put it into hosts/NAME/, with its path on the node.',
  ]);
});

test('files that cannot be compared or would go nowhere are refused', async () => {
  await put('hosts/masternode/etc/blob', new Uint8Array([1, 0, 2]));
  await put('hosts/masternode/etc/latin', new Uint8Array([0xe9, 0x0a]));
  await put('hosts/masternode/etc/huge', 'x'.repeat(1024 * 1024 + 1));
  await put('hosts/masternode/proc/sys/vm/swappiness', '10');
  await put('hosts/masternode/motd', '');
  await put('hosts/masternode/setings.yaml', '');
  const found = (await faults()).map((text) => text.split(':')[0]);
  expect(found).toEqual([
    'hosts/masternode/etc/blob overlay/binary-file',
    'hosts/masternode/etc/huge overlay/too-large',
    'hosts/masternode/etc/latin overlay/binary-file',
    'hosts/masternode/motd overlay/unsafe-path',
    'hosts/masternode/proc/sys/vm/swappiness overlay/unsafe-path',
    'hosts/masternode/setings.yaml overlay/unsafe-path',
  ]);
});

test('links may lead to files of the workspace, and nowhere else', async () => {
  await put('shared/issue', 'shared\n');
  await mkdir(join(root, 'hosts/masternode/etc'), { recursive: true });
  await symlink('../../../shared/issue', join(root, 'hosts/masternode/etc/issue'));
  expect(await faults()).toEqual([]);
  await symlink('/etc/shadow', join(root, 'hosts/masternode/etc/outside'));
  await symlink('../../../.vmstation/age-identity.txt', join(root, 'hosts/masternode/etc/key'));
  await symlink('../../../shared', join(root, 'hosts/masternode/etc/folder'));
  await symlink('nothing', join(root, 'hosts/masternode/etc/dangling'));
  const refused = (await loadWorkspace(root)).faults?.map((fault) => `${fault.file} ${fault.message}`);
  expect(refused).toEqual([
    'hosts/masternode/etc/dangling The link points at nothing.',
    'hosts/masternode/etc/folder The link leads to a folder.',
    'hosts/masternode/etc/key The link leads into the workspace’s state, which holds keys.',
    'hosts/masternode/etc/outside The link leads out of the workspace.',
  ]);
});

test('settings are checked with their place', async () => {
  await put(
    'hosts/masternode/settings.yaml',
    'sysctl:\n  vm.swappiness: [1]\npakages: [lsof]\nservices: { smartd: { enabled: true } }\n',
  );
  const found = (await loadWorkspace(root)).faults?.map((fault) => `${fault.line}:${fault.column} ${fault.message}`);
  expect(found).toEqual([
    '2:18 sysctl.vm.swappiness: the value is a list, which is not possible here.',
    '3:1 The key pakages is not known at the top of the file.',
    expect.stringContaining('4:'),
  ]);
});

test('the hash of the inputs follows everything that shapes plans', async () => {
  const hash = async (): Promise<string> => (await openWorkspace(root)).inputHash;
  const first = await hash();
  expect(await hash()).toBe(first);
  await put('hosts/masternode/etc/issue', 'new\n');
  const second = await hash();
  await put('secrets/extra.age', 'ciphertext');
  expect(new Set([first, second, await hash()]).size).toBe(3);
});

test('a link that leads to itself is a fault of its own', async () => {
  await mkdir(join(root, 'group/common/etc'), { recursive: true });
  await symlink('round', join(root, 'group/common/etc/round'));
  expect(await faults()).toEqual(['group/common/etc/round overlay/unsafe-link: Remove the link.']);
});

test('a cluster file that leads to itself is no bug of ours', async () => {
  await rm(join(root, 'vmstation.yaml'));
  await symlink('vmstation.yaml', join(root, 'vmstation.yaml'));
  const thrown: unknown = await openWorkspace(root).catch((error: unknown) => error);
  expect(toAppError(thrown)).toMatchObject({ code: 'file/link-loop', kind: 'environment' });
});
