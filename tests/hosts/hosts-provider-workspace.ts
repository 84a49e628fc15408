import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RunEvent } from '@vmstation/core';
import { askLab, type LabProvider, type LabStatus, labPaths } from '@vmstation/lab';
import { quoteArguments } from '@vmstation/remote';
import { type Ended, runProgram } from './run-program.ts';

const program = join(import.meta.dirname, '..', '..', 'apps', 'cli', 'src', 'main.ts');

const clusterFile = `cluster: { name: rehearsal, domain: home.arpa }
network: { nodes: 192.168.4.0/24, gateway: 192.168.4.1, pods: 10.244.0.0/16, services: 10.96.0.0/12 }
nodes:
  masternode:
    address: 192.168.4.63
    os: debian-12
    roles: [control-plane, monitoring]
    power: always-on
  storagenodet3500:
    address: 192.168.4.61
    os: debian-12
    mac: 02:00:00:00:00:61
    roles: [worker, storage]
    power: { policy: auto-sleep, idle-after: 2h }
system: { audit: false }
services:
  ntp: { server: masternode }
  syslog: { server: masternode, keep: 30d }
monitoring: { data: /srv/monitoring }
`;

/** A workspace of two Debian nodes, whose lab runs on one provider. */
export interface ProviderWorkspace {
  readonly root: string;
  /** Runs the command line as an operator would. */
  readonly vmstation: (...args: readonly string[]) => Promise<Ended>;
  /** The same, where anything but success is an error; returns what it printed to standard output. */
  readonly must: (...args: readonly string[]) => Promise<string>;
  /** Runs a shell script as root on a machine of the lab, and returns what it prints. */
  readonly onMachine: (node: string, script: string, stdin?: string) => Promise<string>;
  status(): Promise<LabStatus>;
  /** Stops the lab, throws its machines away and removes the folder. */
  remove(): Promise<void>;
}

/** Makes the workspace and starts its lab, unless told otherwise. */
export async function providerWorkspace(provider: LabProvider): Promise<ProviderWorkspace> {
  const folder = await mkdtemp(join(tmpdir(), 'vmstation-provider-'));
  const root = join(folder, 'rehearsal');
  const vmstation: ProviderWorkspace['vmstation'] = (...args) =>
    runProgram(process.execPath, [program, '--workspace', root, ...args], { env: { ...process.env, CI: '1' } });
  const must: ProviderWorkspace['must'] = async (...args) =>
    succeeded(['vmstation', ...args], await vmstation(...args));
  const remove = async () => {
    await must('lab', 'stop');
    await must('lab', 'reset', '--yes');
    await rm(folder, { recursive: true, force: true });
  };
  await must('init', '--example');
  await writeFile(join(root, 'vmstation.yaml'), clusterFile);
  try {
    await must('lab', 'start', '--provider', provider);
  } catch (thrown) {
    await remove();
    throw thrown;
  }
  return {
    root,
    vmstation,
    must,
    onMachine: async (node, script, stdin = '') => {
      const remote = quoteArguments(['sudo', 'sh', '-euc', script]);
      const args = ['-F', labPaths(root).sshConfigFile, '-o', 'BatchMode=yes', '-o', 'ConnectTimeout=5', node, remote];
      return succeeded(['ssh', node, script], await runProgram('ssh', args, { stdin }));
    },
    status: () => askLab(labPaths(root), 'status', {}),
    remove,
  };
}

/** Step ids with their outcomes, sorted: what a run with `--json` did, without times. */
export function outcomesOf(text: string): readonly string[] {
  const events = text.split('\n').flatMap((line) => (line.startsWith('{') ? [JSON.parse(line) as RunEvent] : []));
  const ends = events.flatMap((event) =>
    event.type === 'step-ended' ? [`${event.result.outcome} ${event.result.stepId}`] : [],
  );
  return ends.toSorted();
}

function succeeded(args: readonly string[], { exitCode, stdout, text }: Ended): string {
  if (exitCode !== 0) throw new Error(`${args.join(' ')} ended with ${exitCode}:\n${text}`);
  return stdout;
}
