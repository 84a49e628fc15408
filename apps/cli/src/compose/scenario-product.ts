import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadKubeClient } from '@vmstation/kube';
import type { InProcessLab, ScenarioProduct } from '@vmstation/lab';
import { clusterFileName, initWorkspace, openWorkspace } from '@vmstation/workspace';
import manifest from '../../package.json' with { type: 'json' };
import type { CommandTree } from '../command/define-command.ts';
import { runCli } from '../command/run-cli.ts';
import { rehearsalStage } from './rehearsal-stage.ts';
import type { SetStage } from './stage.ts';

/** The whole program as it plays in a scenario: each line parsed, run and rendered as on a terminal-less command line. */
export async function scenarioProduct(
  tree: CommandTree,
  signal: AbortSignal,
): Promise<ScenarioProduct & AsyncDisposable> {
  const folder = await mkdtemp(join(tmpdir(), 'vmstation-scenario-'));
  const root = join(folder, 'workspace');
  const stages = new WeakMap<InProcessLab, SetStage>();
  // Loading code takes real time, in which the virtual one must not move.
  await Promise.all([loadKubeClient(), ...tree.commands.map((command) => command.load())]);
  return {
    async prepare(cluster) {
      await initWorkspace(root, { example: 'example' in cluster });
      if ('file' in cluster) await copyFile(cluster.file, join(root, clusterFileName));
      return (await openWorkspace(root)).cluster;
    },
    async run(lab, argv) {
      const stage = stages.get(lab) ?? rehearsalStage(lab);
      stages.set(lab, stage);
      let text = '';
      const print = (piece: string): void => {
        text += piece;
      };
      const exitCode = await runCli(tree, manifest.version, argv, {
        out: print,
        err: print,
        ask: undefined,
        outIsTerminal: false,
        errIsTerminal: false,
        columns: () => 100,
        env: {},
        workingDirectory: root,
        signal,
        stage,
      });
      return { exitCode, text: text.replaceAll(root, 'WORKSPACE') };
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}
