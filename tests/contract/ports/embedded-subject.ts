import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { initWorkspace, openWorkspace } from '@vmstation/workspace';
import { askLab, labPaths, startLab, stopLab } from '../../../packages/lab/src/index.ts';
import { asRoot, type PortSubject, portSubject } from './port-subject.ts';

const entry = (name: string) => join(import.meta.dirname, '..', '..', '..', 'apps', 'cli', 'src', `${name}.entry.ts`);

/** The embedded lab of an example workspace, as `vmstation lab start` starts it. */
export async function startEmbeddedSubject(): Promise<{ subject: PortSubject; stop(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'vmp-'));
  const root = join(folder, 'w');
  const paths = labPaths(root);
  await initWorkspace(root, { example: true });
  const clusterFile = join(root, 'vmstation.yaml');
  await writeFile(clusterFile, `${await readFile(clusterFile, 'utf8')}\nssh: { user: ops }\n`);
  const { cluster } = await openWorkspace(root);
  const daemon = [process.execPath, entry('lab-daemon')];
  try {
    await startLab({ workspaceRoot: root, cluster, daemon, installer: [process.execPath, entry('lab-installer')] });
  } catch (thrown) {
    await rm(folder, { recursive: true, force: true });
    throw thrown;
  }
  const on = { node: 'masternode' };
  const subject = portSubject({
    node: 'masternode',
    sleeper: 'storagenodet3500',
    user: cluster.nodes[0]?.ssh.user ?? '',
    sshConfigFile: paths.sshConfigFile,
    knownHostsFile: paths.knownHostsFile,
    folder,
    freePackage: 'wget',
    power: {
      read: (node) => askLab(paths, 'node.power', { node }),
      wake: async (node) => {
        await askLab(paths, 'node.power', { node, order: 'wake' });
      },
    },
    holdPackageLock: async () => {
      await askLab(paths, 'fault.set', { on, kind: 'package-lock', words: [] });
      return async () => {
        await askLab(paths, 'fault.clear', { on, kind: 'package-lock' });
      };
    },
  });
  const stop = async () => {
    await subject.transport.close();
    await stopLab(paths);
    await rm(folder, { recursive: true, force: true });
  };
  // Once for all cases: a bare machine has no package index.
  await asRoot(subject, 'apt-get update -qq');
  return { subject, stop };
}
