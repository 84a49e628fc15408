import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type LabWorkspace, openLabWorkspace } from './lab-workspace.ts';

// What an operator says of a package in settings.yaml, on a machine of each family.

const nodes = {
  storagenodet3500: {
    package: '{ name: wget, version: "1.21.3-1", held: true }',
    shows: "dpkg-query -W -f='${Status} ${Version}\\n' wget",
    held: 'hold ok installed 1.21.3-1',
    free: 'apt-mark unhold wget',
  },
  homelab: {
    package: '{ name: wget, version: "1.24.5-5.el10", held: true }',
    shows: "rpm -q --qf='%{EVR}\\n' wget; grep wget /etc/dnf/plugins/versionlock.list",
    held: 'wget-0:1.24.5-5.el10.*',
    free: 'dnf -q versionlock delete wget',
  },
} as const;
const both = Object.entries(nodes);
const only = both.flatMap(([node]) => ['--node', node]);

let lab: LabWorkspace;
beforeAll(async () => {
  lab = await openLabWorkspace(async (root) => {
    for (const [node, { package: setting }] of both) {
      await mkdir(join(root, 'hosts', node), { recursive: true });
      await writeFile(join(root, 'hosts', node, 'settings.yaml'), `packages:\n  - ${setting}\n`);
    }
  });
});
afterAll(() => lab?.remove());

const must = async (...args: readonly string[]): Promise<string> => {
  const { exitCode, text } = await lab.vmstation(args);
  expect(exitCode, text).toBe(0);
  return text;
};
const onNode = (node: string, script: string) => must('node', 'run', node, '--root', '--', 'sh', '-c', script);

test('a declared version is installed and held, on Debian and with dnf’s plugin', async () => {
  await must('setup', ...only, '--yes');
  await must('config', 'apply', '--tags', 'system', ...only, '--yes');
  for (const [node, { shows, held }] of both) expect(await onNode(node, shows)).toContain(held);
  expect(await must('config', 'apply', '--tags', 'system', ...only, '--yes')).toContain('2 unchanged');
});

test('a hold that somebody let go is drift, is not accepted silently, and comes back', async () => {
  for (const [node, { free }] of both) await onNode(node, free);
  const drift = await lab.vmstation(['drift']);
  expect(drift.exitCode, drift.text).toBe(2);
  for (const [node, { shows, held }] of both) {
    expect(drift.text).toMatch(/package:wget/);
    const accepted = await lab.vmstation(['drift', 'accept', node, 'package:wget', '--yes']);
    expect(accepted.exitCode, accepted.text).not.toBe(0);
    expect(accepted.text.replaceAll(/\s+/g, ' ')).toContain(`hosts/${node}/settings.yaml`);
    await must('drift', 'revert', node, 'package:wget', '--yes');
    expect(await onNode(node, shows)).toContain(held);
  }
});

test('a version that no source has fails with the package manager’s words and a hint', async () => {
  await writeFile(
    join(lab.root, 'hosts', 'storagenodet3500', 'settings.yaml'),
    'packages:\n  - { name: wget, version: "9" }\n',
  );
  const { exitCode, text } = await lab.vmstation([
    'config',
    'apply',
    '--tags',
    'system',
    '--node',
    'storagenodet3500',
    '--yes',
  ]);
  expect(exitCode, text).toBe(1);
  const words = text.replaceAll(/\s+/g, ' ');
  expect(words).toContain("Version '9' for 'wget' was not found");
  expect(words).toContain('apt-cache madison wget');
  expect(await onNode('storagenodet3500', nodes.storagenodet3500.shows)).toContain('hold ok installed 1.21.3-1');
});
