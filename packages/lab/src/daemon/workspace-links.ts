import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { ClusterNode } from '@vmstation/core';
import { writeWhole } from '../disk/write-whole.ts';
import type { LabPaths } from './lab-paths.ts';

/** A machine as OpenSSH's client reaches it. */
export interface SshDoor {
  readonly node: ClusterNode;
  /** Where it really listens; never the model's address. */
  readonly address: string;
  readonly port: number;
  /** `ssh-ed25519 AAAA…` */
  readonly hostKey: string;
}

/**
 * Puts the lab's ssh_config and known_hosts in place of the workspace's own, which wait in a folder until the lab is stopped: what was trusted
 * or installed for real machines is never lost or mixed with the lab's.
 */
export function linkWorkspace(paths: LabPaths, doors: readonly SshDoor[]): void {
  if (!existsSync(paths.displacedDir)) {
    mkdirSync(paths.displacedDir, { recursive: true, mode: 0o700 });
    for (const file of ownFiles(paths)) move(file, join(paths.displacedDir, basename(file)));
  }
  writeWhole(paths.knownHostsFile, doors.map(({ node, hostKey }) => `${node.name} ${hostKey}\n`).join(''));
  writeWhole(paths.sshConfigFile, doors.map((door) => sshBlock(paths, door)).join('\n'));
}

/** Takes the lab's files away and puts the workspace's own back. */
export function unlinkWorkspace(paths: LabPaths): void {
  if (!existsSync(paths.displacedDir)) return;
  for (const file of ownFiles(paths)) {
    rmSync(file, { force: true });
    move(join(paths.displacedDir, basename(file)), file);
  }
  rmSync(paths.displacedDir, { recursive: true });
}

/** Writes the lab's kubeconfig as the workspace's. */
export function linkKubeconfig(paths: LabPaths, kubeconfig: string): void {
  if (existsSync(paths.kubeconfigFile) && readFileSync(paths.kubeconfigFile, 'utf8') === kubeconfig) return;
  writeWhole(paths.kubeconfigFile, kubeconfig);
}

function ownFiles(paths: LabPaths): readonly string[] {
  return [paths.knownHostsFile, paths.sshConfigFile, paths.kubeconfigFile];
}

function sshBlock(paths: LabPaths, { node, address, port }: SshDoor): string {
  // The model's address as well: Ansible dials that, and nothing may ever reach it.
  return [
    `Host ${node.name} ${node.address}`,
    `  HostName ${address}`,
    `  Port ${port}`,
    `  User ${node.ssh.user}`,
    `  IdentityFile "${paths.operatorKeyFile}"`,
    '  IdentitiesOnly yes',
    `  HostKeyAlias ${node.name}`,
    `  UserKnownHostsFile "${paths.knownHostsFile}"`,
    '  StrictHostKeyChecking yes',
    '',
  ].join('\n');
}

function move(from: string, to: string): void {
  if (existsSync(from)) renameSync(from, to);
}
