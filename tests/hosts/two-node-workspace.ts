import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { declareConfig } from '@vmstation/cluster-config';
import { declareSetup } from '@vmstation/cluster-setup';
import { type DesiredResource, type HostPort, mergeDeclarations, type Transport } from '@vmstation/core';
import { createHost } from '@vmstation/host';
import { openSshTransport, sshKeygen } from '@vmstation/remote';
import { initWorkspace, type LoadedWorkspace, openWorkspace } from '@vmstation/workspace';
import type { OwnMachines } from './own-machines.ts';

const clusterFile = ({ range, gateway, machines, user }: OwnMachines): string => {
  const addressOf = (name: string) => machines.find((machine) => machine.name === name)?.address ?? '';
  const macOf = (name: string) => machines.find((machine) => machine.name === name)?.mac ?? '';
  return `cluster: { name: hosts, domain: home.arpa }
network: { nodes: ${range}, gateway: ${gateway}, pods: 10.244.0.0/16, services: 10.96.0.0/12 }
ssh: { user: ${user} }
nodes:
  masternode:
    address: ${addressOf('masternode')}
    os: debian-12
    roles: [control-plane, monitoring]
    power: always-on
  storagenodet3500:
    address: ${addressOf('storagenodet3500')}
    os: debian-12
    mac: ${macOf('storagenodet3500')}
    roles: [worker, storage]
    power: { policy: auto-sleep, idle-after: 2h }
# A container has no audit; what comes of asking for it, the base roles' own file sees.
system: { audit: false }
storage:
  media: { node: storagenodet3500, path: /srv/media, share: nfs, mount-on: [masternode] }
services:
  ntp: { server: masternode }
  syslog: { server: masternode, keep: 30d }
monitoring: { data: /srv/monitoring }
`;
};

/** A new workspace for the two machines, made as `vmstation init --example` makes one and then edited to these two nodes. */
export async function twoNodeWorkspace(machines: OwnMachines): Promise<LoadedWorkspace> {
  const root = await mkdtemp(join(tmpdir(), 'vmstation-hosts-'));
  await initWorkspace(root, { example: true });
  await writeFile(join(root, 'vmstation.yaml'), clusterFile(machines));
  return openWorkspace(root);
}

/** What setup and config want of each node, merged as the product does. */
export async function desiredOf(workspace: LoadedWorkspace): Promise<ReadonlyMap<string, readonly DesiredResource[]>> {
  const { publicKey } = await sshKeygen(join(workspace.stateDir, 'ssh', 'id_ed25519'), 'vmstation hosts');
  const declared = await Promise.all([
    declareSetup(workspace, { operatorPublicKey: publicKey }),
    declareConfig(workspace),
  ]);
  const names = workspace.cluster.nodes.map(({ name }) => name);
  return mergeDeclarations(names, declared.flat()).nodes;
}

/** The product's own SSH and host code against the machines. */
export function hostsOf(machines: OwnMachines, workspace: LoadedWorkspace): { transport: Transport; host: HostPort } {
  const transport = openSshTransport({
    nodes: {},
    knownHostsFile: machines.knownHostsFile,
    controlDir: join(workspace.stateDir, 'ssh', 'control'),
    configFile: machines.sshConfigFile,
  });
  return { transport, host: createHost({ transport, clock: { now: () => new Date() } }) };
}

/** Runs a shell script as root on a node and returns what it prints; a script that fails is an error. */
export async function onNode(transport: Transport, node: string, script: string): Promise<string> {
  const { exitCode, stdout, stderr } = await transport.run(node, {
    argv: ['sh', '-euc', script],
    elevate: true,
    timeoutMs: 600_000,
  });
  const said = Buffer.from(stdout).toString();
  if (exitCode !== 0) throw new Error(`${node}: exit ${exitCode}: ${script}\n${said}${stderr}`);
  return said;
}
