import type { Finding, ProcessRunner, Versions } from '@vmstation/core';
import { installerMissing } from './ansible-command.ts';

/**
 * Whether this computer has the program that installs Kubernetes. Its lack is a warning: machines can be prepared without it, and a cluster
 * that exists needs it only for upgrades.
 */
export async function installerFinding(processes: ProcessRunner, versions: Versions): Promise<Finding> {
  const base = { code: 'infra/installer-missing', title: 'the installer of Kubernetes is here' } as const;
  const program = await processes.findOnPath('ansible-playbook');
  if (program !== undefined) return { ...base, state: 'ok', evidence: `${program} on this computer` };
  const { message, tryThis = '' } = installerMissing(versions);
  return {
    ...base,
    state: 'warning',
    evidence: `On this computer: ${message}`,
    tryThis: `${tryThis} The page says how: vmstation explain ${base.code}`,
  };
}
