import { exampleTime, exampleWorkspace } from '../model/example-workspace.ts';
import type { PhaseContext } from './phase.ts';
import type { PhaseName } from './phase-name.ts';

type ContextParts<Needs extends PhaseName> = Pick<PhaseContext<Needs>, 'desired' | 'readings' | 'facts'> &
  Partial<PhaseContext<Needs>>;

/** A phase's context for tests: the example workspace, and ports that throw when they are used without having been given. */
export function exampleContext<Needs extends PhaseName = never>(parts: ContextParts<Needs>): PhaseContext<Needs> {
  return {
    workspace: exampleWorkspace(),
    kube: unusedPort('kube'),
    probe: unusedPort('probe'),
    processes: unusedPort('processes'),
    files: unusedPort('files'),
    secrets: unusedPort('secrets'),
    history: { lastGreen: () => undefined },
    clock: { now: () => exampleTime, sleep: async () => undefined },
    signal: new AbortController().signal,
    ...parts,
  };
}

function unusedPort(name: string): never {
  const port = new Proxy(
    {},
    {
      get: (_target, member) => {
        throw new Error(`this test did not give ${name}, and ${String(member)} of it was asked for`);
      },
    },
  );
  return port as never;
}
