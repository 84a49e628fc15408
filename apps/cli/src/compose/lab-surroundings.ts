import { join } from 'node:path';
import { type ProcessRunner, Secret } from '@vmstation/core';
import {
  askLab,
  type LabStatus,
  labAnswers,
  labPaths,
  labSudoPassword,
  labTryMode,
  standInHeader,
} from '@vmstation/lab';
import { nodeProcessRunner } from '@vmstation/remote';
import type { Dialling } from './endpoint-probe.ts';
import type { Surroundings } from './surroundings.ts';
import { nodeTryModeOver } from './try-mode.ts';

/**
 * A workspace in its lab: power is asked from the lab, and addresses of the model are dialled where the lab answers for them. The installer of
 * simulated machines is the lab's; on real ones there is none, for whatever is installed here would dial the model's addresses.
 */
export async function labSurroundings(workspaceRoot: string): Promise<Surroundings> {
  const paths = labPaths(workspaceRoot);
  const status = await askLab(paths, 'status', {});
  return {
    processes:
      status.provider === 'hosts'
        ? withoutInstaller(nodeProcessRunner())
        : withFolderFirst(nodeProcessRunner(), paths.binDir),
    dialling: status.provider === 'hosts' ? diallingMachines(status) : diallingOf(paths, status),
    localNodes: false,
    sudoPassword: new Secret(labSudoPassword),
    power: {
      async read(node) {
        const { state, evidence, since } = await askLab(paths, 'node.power', { node });
        // It came as JSON, so the time is text.
        return { state, evidence, since: since === undefined ? undefined : new Date(since) };
      },
    },
    tryMode: status.provider === 'hosts' ? nodeTryModeOver : (transport) => labTryMode(paths, transport),
  };
}

/** Endpoints appear while a run deploys them, so what the lab knows is asked again when an address is not among it. */
function diallingOf(paths: ReturnType<typeof labPaths>, first: LabStatus): Dialling {
  let { endpoints } = first;
  const find = (address: string, port: number) => {
    const found = endpoints.find((endpoint) => endpoint.address === address && endpoint.port === port);
    return found === undefined ? undefined : { address: '127.0.0.1', port: found.loopbackPort };
  };
  return {
    standInHeader,
    async elsewhere(address, port) {
      const known = find(address, port);
      if (known !== undefined) return known;
      // A lab that has died meanwhile is an answer: nothing is there. The run goes on to its end and says so.
      const running = await labAnswers(paths);
      if (!running) return { nowhere: 'the lab does not run any more' };
      ({ endpoints } = await askLab(paths, 'status', {}));
      return find(address, port) ?? { nowhere: 'nothing publishes this address' };
    },
  };
}

/** Real machines answer at addresses of their own, whatever listens there. */
function diallingMachines({ nodes }: LabStatus): Dialling {
  return {
    standInHeader,
    async elsewhere(address, port) {
      const found = nodes.find((node) => node.address === address);
      return found === undefined
        ? { nowhere: 'no machine of the lab has this address' }
        : { address: found.sshAddress, port };
    },
  };
}

function withoutInstaller(runner: ProcessRunner): ProcessRunner {
  return {
    run: (argv, options) => runner.run(argv, options),
    follow: (argv, options) => runner.follow(argv, options),
    findOnPath: async (program) => (program === 'ansible-playbook' ? undefined : runner.findOnPath(program)),
  };
}

/** A runner that looks for programs in one folder before PATH. */
function withFolderFirst(runner: ProcessRunner, folder: string): ProcessRunner {
  const path = `${folder}:${process.env['PATH'] ?? ''}`;
  return {
    run: (argv, options) => runner.run(argv, { ...options, env: { PATH: path, ...options.env } }),
    follow: (argv, options) => runner.follow(argv, { ...options, env: { PATH: path, ...options.env } }),
    findOnPath: async (program) =>
      (await runner.findOnPath(join(folder, program))) ?? (await runner.findOnPath(program)),
  };
}
