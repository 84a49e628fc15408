import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Secret, type Secrets, type WorkspaceFiles } from '@vmstation/core';
import { createHost } from '@vmstation/host';
import { kubeConnector } from '@vmstation/kube';
import type { InProcessLab } from '@vmstation/lab';
import { ageSecrets, type LoadedWorkspace, openJournal, workspaceFiles } from '@vmstation/workspace';
import manifest from '../../package.json' with { type: 'json' };
import type { SetStage } from './stage.ts';
import { journalFile } from './workspace-folder.ts';

/** The stage of a rehearsal within this process: the product as it is, with the lab's machines, cluster, clock and randomness as its ports. */
export function rehearsalStage(lab: InProcessLab): SetStage {
  const ids = lab.ids();
  const clock = lab.clock.product;
  return async (workspace, { onEvent, signal }) => {
    const transport = lab.transport();
    const tryMode = lab.tryMode(transport);
    const { stateDir, cluster } = workspace;
    const files = filesAtOnce(workspaceFiles(stateDir));
    const kubeconfigFile = join(stateDir, 'kubeconfig');
    const readText = () => files.read('kubeconfig');
    return {
      transport,
      ports: {
        workspace,
        host: createHost({ transport, clock, tryMode, nonce: (bytes) => ids.nonce(bytes) }),
        power: lab.power,
        tryMode,
        kube: kubeConnector({
          kubeconfigFile,
          clock,
          exchange: lab.exchange,
          readText,
          randomBytes: (count) => lab.random('key of digests').bytes(count),
        }),
        probe: lab.probe,
        processes: lab.programs(),
        files,
        secrets: seededSecrets(workspace, ageSecrets(workspace), lab),
        journal: openJournal(journalFile(workspace.root)),
        clock,
        ids,
        operatorPublicKey: lab.workspaceKey(`vmstation ${cluster.name}`),
        versions: { vmstation: manifest.version },
        onEvent,
        signal,
      },
    };
  };
}

/** The same files, read and written at once: in which order the computer would finish several of them is no part of a rehearsal. */
function filesAtOnce(real: WorkspaceFiles): WorkspaceFiles {
  const { stateDir } = real;
  const resolve = (path: string): string => real.resolve(path);
  const textOf = (path: string): string | undefined => {
    const file = resolve(path);
    return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
  };
  return {
    stateDir,
    resolve,
    read: async (path) => textOf(path),
    write: async (path, content, { mode = 0o600 } = {}) => {
      const file = resolve(path);
      const isEqual = textOf(path) === content && (statSync(file).mode & 0o777) === mode;
      if (isEqual) return false;
      mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
      writeFileSync(file, content, { mode });
      chmodSync(file, mode);
      return true;
    },
    remove: async (path) => rmSync(resolve(path), { force: true, recursive: true }),
    list: async (directory) => {
      const folder = resolve(directory);
      if (!existsSync(folder)) return [];
      const entries = readdirSync(folder, { withFileTypes: true });
      return entries
        .filter((entry) => entry.isFile())
        .map((entry) => entry.name)
        .toSorted();
    },
  };
}

/** The workspace's secrets by name, with values from the seed: real ones differ in each workspace, and so would what is rendered from them. */
function seededSecrets({ root }: LoadedWorkspace, real: Secrets, lab: InProcessLab): Secrets {
  const isThere = (name: string): boolean => existsSync(join(root, 'secrets', `${name}.age`));
  return {
    has: async (name) => isThere(name),
    get: async (name) =>
      isThere(name) ? new Secret(Buffer.from(lab.random(`secret ${name}`).bytes(24)).toString('hex')) : real.get(name),
  };
}
