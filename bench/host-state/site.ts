import { chmod, copyFile, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { declareConfig } from '@vmstation/cluster-config';
import { declareSetup } from '@vmstation/cluster-setup';
import { mergeDeclarations, type Resource } from '@vmstation/core';
import { sshKeygen } from '@vmstation/remote';
import { initWorkspace, openWorkspace } from '@vmstation/workspace';
import { possible } from '../../tests/hosts/not-on-these-machines.ts';
import type { BenchMachines } from './machines.ts';
import { overlayFiles } from './overlay-files.ts';

/** The site of three machines: a workspace for the command line, and what it declares that such machines can be. */
export interface Site {
  readonly workspaceRoot: string;
  /** By machine: everything declared but what a container cannot do. */
  readonly resources: ReadonlyMap<string, readonly Resource[]>;
}

/** Writes a workspace as an operator would (cluster file, overlay files) whose nodes are these machines. */
export async function siteOf(machines: BenchMachines, folder: string): Promise<Site> {
  const workspaceRoot = join(folder, 'workspace');
  await initWorkspace(workspaceRoot, { example: false });
  await writeFile(join(workspaceRoot, 'vmstation.yaml'), clusterFile(machines));
  for (const { path, content, mode } of overlayFiles) {
    const file = join(workspaceRoot, 'group', 'common', path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, content);
    await chmod(file, mode ?? 0o644);
  }
  const workspace = await openWorkspace(workspaceRoot);
  // As `vmstation node trust` would have written it; the workspace's key comes to the machines with the rest of the site.
  await copyFile(machines.knownHostsFile, join(workspace.stateDir, 'known_hosts'));
  const { publicKey } = await sshKeygen(
    join(workspace.stateDir, 'ssh', 'id_ed25519'),
    `vmstation ${workspace.cluster.name}`,
  );
  const declared = [
    ...(await declareSetup(workspace, { operatorPublicKey: publicKey })),
    ...(await declareConfig(workspace)),
  ];
  const { nodes } = mergeDeclarations(machines.names, declared);
  return { workspaceRoot, resources: new Map([...nodes].map(([node, list]) => [node, possible(list)])) };
}

function clusterFile({ range, gateway, user, machines }: BenchMachines): string {
  const nodes = machines.map(({ name, address }, index) => {
    const roles = index === 0 ? 'control-plane' : 'worker';
    return `  ${name}: { address: ${address}, os: debian-12, roles: [${roles}], power: always-on }`;
  });
  const [first = ''] = machines.map(({ name }) => name);
  return [
    'cluster: { name: bench, domain: home.arpa, kubernetes: "1.35" }',
    `network: { nodes: ${range}, gateway: ${gateway}, pods: 10.244.0.0/16, services: 10.96.0.0/12 }`,
    `ssh: { user: ${user} }`,
    'nodes:',
    ...nodes,
    `services: { ntp: { server: ${first} }, syslog: { server: ${first}, keep: 30d } }`,
    // No audit in a container.
    'system: { audit: false }',
    '',
  ].join('\n');
}
