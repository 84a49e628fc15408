import { AppError } from '@vmstation/core';
import { runChild } from '../process/child.ts';
import { type HostKey, hostKey } from './known-hosts.ts';

/** How to ask a machine for its host keys. */
export interface HostKeyScan {
  readonly node: string;
  readonly address: string;
  readonly port?: number;
  readonly timeoutSeconds?: number;
  /** An ssh_config whose block for the node says where it is really reached (the lab's). */
  readonly configFile?: string;
}

/**
 * The host keys that a machine shows (ssh-keyscan), strongest type first. They prove nothing by themselves: compare a fingerprint.
 * @throws AppError ssh/unreachable when nothing answered, ssh/client-missing without ssh-keyscan.
 */
export async function scanHostKeys(scan: HostKeyScan): Promise<readonly HostKey[]> {
  const { node } = scan;
  const { address, port } = await placeOf(scan);
  const timeoutSeconds = scan.timeoutSeconds ?? 5;
  const argv = [
    'ssh-keyscan',
    '-T',
    String(timeoutSeconds),
    '-p',
    String(port),
    '-t',
    'ed25519,ecdsa,rsa',
    '--',
    address,
  ];
  const result = await runChild(argv, { timeoutMs: (timeoutSeconds + 5) * 1000, env: { ...process.env, LC_ALL: 'C' } });
  if (result.ended === 'missing') {
    throw new AppError({
      code: 'ssh/client-missing',
      kind: 'environment',
      message: `ssh-keyscan, a part of the OpenSSH client, could not be started on this computer: ${result.startError ?? 'not found'}`,
      tryThis: 'Install it: apt install openssh-client, or dnf install openssh-clients.',
    });
  }
  const keys = result.stdout
    .toString('utf8')
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter((parts) => parts.length >= 3 && !parts[0]?.startsWith('#'))
    .map(([, type, key]) => hostKey(type ?? '', key ?? ''));
  if (keys.length > 0) return keys.toSorted((a, b) => rank(a.type) - rank(b.type));
  const words = result.stderr.split('\n').find((line) => line.trim() !== '' && !line.startsWith('#'));
  throw new AppError({
    code: 'ssh/unreachable',
    kind: 'unreachable',
    message: `${node} (${address} port ${port}) showed no SSH host key${words === undefined ? ' in time' : `: ${words.trim()}`}`,
    tryThis: `Check that ${node} is switched on, and that its SSH server listens on port ${port}.`,
    context: { node, address, port },
    retryable: true,
  });
}

/** ssh-keyscan reads no ssh_config, so ssh is asked (`-G`) what it makes of one. */
async function placeOf(scan: HostKeyScan): Promise<{ readonly address: string; readonly port: number }> {
  const { node, configFile } = scan;
  if (configFile === undefined) return { address: scan.address, port: scan.port ?? 22 };
  const { stdout } = await runChild(['ssh', '-F', configFile, '-G', '--', node], { timeoutMs: 10_000 });
  const said = stdout.toString('utf8');
  const address = /^hostname (.+)$/m.exec(said)?.[1];
  const port = Number(/^port (\d+)$/m.exec(said)?.[1]);
  if (address === undefined || address === node || !(port > 0)) {
    throw new AppError({
      code: 'ssh/node-unknown',
      kind: 'user',
      message: `There is no address for a node called ${node} in ${configFile}.`,
      tryThis: 'Start the lab again, which writes that file: vmstation lab start',
      context: { node },
    });
  }
  return { address, port };
}

function rank(type: string): number {
  const order = ['ssh-ed25519', 'ecdsa-sha2-nistp256', 'ssh-rsa'];
  const found = order.indexOf(type);
  return found === -1 ? order.length : found;
}
