import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { AppError } from '@vmstation/core';

/** Where a workspace's lab keeps what. All absolute. */
export interface LabPaths {
  /** The workspace's state directory, `.vmstation`. */
  readonly stateDir: string;
  readonly labDir: string;
  readonly socket: string;
  readonly pidFile: string;
  readonly logFile: string;
  /** Who plays the machines, kept over restarts. */
  readonly providerFile: string;
  /** The model that the running machines were made from, as JSON. */
  readonly modelFile: string;
  /** Loopback ports, kept over restarts. */
  readonly portsFile: string;
  /** Private key of the operator whom the bare machines let in. */
  readonly operatorKeyFile: string;
  /** Folder to put first on PATH: it holds the lab's `ansible-playbook`. */
  readonly binDir: string;
  readonly machinesDir: string;
  readonly clusterFile: string;
  readonly endpointsFile: string;
  /** Where the workspace's own known_hosts, ssh_config and kubeconfig wait while the lab's are in their place. */
  readonly displacedDir: string;
  readonly knownHostsFile: string;
  readonly sshConfigFile: string;
  readonly kubeconfigFile: string;
}

/** The kernel allows 103 bytes (macOS) or 107 (Linux) for the path of a socket. */
const longestSocketPath = 99;

/** Paths of the lab of a workspace; makes nothing but, for a workspace that lies too deep, the private folder of its socket. */
export function labPaths(workspaceRoot: string): LabPaths {
  const stateDir = join(workspaceRoot, '.vmstation');
  const labDir = join(stateDir, 'lab');
  return {
    stateDir,
    labDir,
    socket: socketPath(labDir),
    pidFile: join(labDir, 'daemon.json'),
    logFile: join(labDir, 'daemon.log'),
    providerFile: join(labDir, 'provider'),
    modelFile: join(labDir, 'model.json'),
    portsFile: join(labDir, 'ports.json'),
    operatorKeyFile: join(labDir, 'operator_ed25519'),
    binDir: join(labDir, 'bin'),
    machinesDir: join(labDir, 'machines'),
    clusterFile: join(labDir, 'cluster.sqlite'),
    endpointsFile: join(labDir, 'endpoints.json'),
    displacedDir: join(labDir, 'displaced'),
    knownHostsFile: join(stateDir, 'known_hosts'),
    sshConfigFile: join(stateDir, 'ssh_config'),
    kubeconfigFile: join(stateDir, 'kubeconfig'),
  };
}

function socketPath(labDir: string): string {
  const preferred = join(labDir, 'control.sock');
  if (Buffer.byteLength(preferred) <= longestSocketPath) return preferred;
  const uid = process.getuid?.() ?? 0;
  const folder = `/tmp/vmstation-${uid}`;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const found = lstatSync(folder);
  if (!found.isDirectory() || found.uid !== uid || (found.mode & 0o077) !== 0) {
    throw new AppError({
      code: 'lab/socket-folder-unsafe',
      kind: 'refused',
      message: `The folder ${folder} for the lab's socket exists, but others can reach into it.`,
      tryThis: `Remove it (rm -r ${folder}) and run the same command again, or use a workspace with a shorter path.`,
      context: { folder },
    });
  }
  return join(folder, `${createHash('sha256').update(labDir).digest('hex').slice(0, 16)}.sock`);
}
