import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exitCodes, resourceId } from '@vmstation/core';
import { createHost } from '@vmstation/host';
import { openSshTransport, quoteArguments } from '@vmstation/remote';
import { build } from 'esbuild';
import type { ApplyAnswer, ApplyOrder } from './apply-site.ts';
import { type CheckFigures, checkRounds } from './check-rounds.ts';
import { type MachineFacts, machineFacts } from './machine-facts.ts';
import { type BenchMachines, machinesCpuMs, onMachine, threeMachines } from './machines.ts';
import { packagesAlone } from './packages-alone.ts';
import { type Playbook, writePlaybook } from './playbook.ts';
import { type Cost, must, mustWithCpu, type RanWithCpu } from './programs.ts';
import { type Site, siteOf } from './site.ts';
import { interleaved } from './statistics.ts';

/** Everything that one run of the bench measures. */
export interface HostStateFigures {
  readonly facts: MachineFacts;
  /** Declared resources a machine of the site, and of all that `vmstation drift` compares. */
  readonly resources: readonly number[];
  readonly ansibleTasks: number;
  readonly checks: CheckFigures;
  /** Over connections of its own, as from a timer; and over those that it left open at a terminal. */
  readonly drift: readonly Cost[];
  readonly driftKept: readonly Cost[];
  readonly ansibleCheck: readonly Cost[];
  readonly ansibleApply: readonly Cost[];
  readonly firstApply: readonly Cost[];
  readonly firstAnsible: readonly Cost[];
  /** The package manager's own time of a first apply. */
  readonly packages: readonly Cost[];
  readonly applyRoundTrips: number;
  /** What `vmstation drift` says that only containers cannot be; everything else is as declared. */
  readonly notHere: readonly string[];
}

const root = join(import.meta.dirname, '..', '..');
const vmstation = join(root, 'apps', 'cli', 'bin', 'vmstation');

/** How often the slow things are done. */
export interface Rounds {
  readonly noChange: number;
  readonly firstApply: number;
}

/** Machines of one make: those that the product brought about, or those that Ansible did. */
interface Side {
  readonly machines: BenchMachines;
  readonly folder: string;
  readonly site: Site;
  readonly playbook: Playbook;
}

/** Measures host state against a script made by hand and against Ansible on real machines, side by side. Root, Debian with ansible-core and systemd-nspawn. */
export async function measureHostState(rounds: Rounds, say: (line: string) => void): Promise<HostStateFigures> {
  const facts = await machineFacts();
  const folder = await mkdtemp(join(tmpdir(), 'vmstation-host-state-'));
  const firstApply: Cost[] = [];
  const firstAnsible: Cost[] = [];
  const packages: Cost[] = [];
  let applyRoundTrips = 0;
  let sides: readonly [product: Side, ansible: Side] | undefined;
  // Whoever stops the bench wants its machines away as well.
  const interrupted = async (): Promise<never> => {
    for (const { machines } of sides ?? []) await machines.down();
    process.exit(130);
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void interrupted());
  try {
    // The first round only fills the machines' cache of packages; each one has new machines.
    for (let round = 0; round <= rounds.firstApply; round += 1) {
      await Promise.all((sides ?? []).map(({ machines }) => machines.down()));
      sides = undefined;
      if (round > 0) packages.push(await packagesAlone(join(folder, `packages-${round}`), say));
      sides = await twoSides(join(folder, String(round)), say);
      const [product, ansible] = sides;
      const turns = [
        async () => {
          const { cost, roundTrips } = await applyByProduct(product);
          if (round > 0) firstApply.push(cost);
          applyRoundTrips = Math.max(applyRoundTrips, roundTrips);
        },
        async () => {
          const cost = await costOf(ansible.machines, () => ansibleRun(ansible));
          if (round > 0) firstAnsible.push(cost);
        },
      ];
      for (const turn of round % 2 === 0 ? turns : turns.toReversed()) await turn();
      say(`first apply ${round}: ${told(firstApply)} product, ${told(firstAnsible)} Ansible`);
    }
    const [product, ansible] = sides as readonly [Side, Side];
    await assertSameEnd(product, ansible);
    say('both made the same state: each finds nothing to change on the machines of the other');
    const checks = await checkRounds(product.site, product.machines, product.folder);
    say('checks within the process are measured');
    const costs = {
      drift: [] as Cost[],
      driftKept: [] as Cost[],
      ansibleCheck: [] as Cost[],
      ansibleApply: [] as Cost[],
    };
    const measured = (list: Cost[], machines: BenchMachines, work: () => Promise<RanWithCpu>) => async () => {
      const cost = await costOf(machines, work);
      list.push(cost);
      return cost.wallMs;
    };
    let notHere: readonly string[] = [];
    await interleaved(rounds.noChange, {
      ansibleCheck: measured(costs.ansibleCheck, ansible.machines, () => ansibleUnchanged(ansible, ['--check'])),
      drift: measured(costs.drift, product.machines, async () => {
        const ran = await driftOf(product);
        notHere = ran.notHere;
        return ran;
      }),
      driftKept: async () => {
        // Ansible's connections are open as well.
        await driftOf(product, atTerminal);
        return measured(costs.driftKept, product.machines, () => driftOf(product, atTerminal))();
      },
      ansibleApply: measured(costs.ansibleApply, ansible.machines, () => ansibleUnchanged(ansible, [])),
    });
    const resources = [...product.site.resources.values()].map((list) => list.length);
    const { tasks: ansibleTasks } = ansible.playbook;
    const first = { firstApply, firstAnsible, packages, applyRoundTrips };
    return { facts, resources, ansibleTasks, checks, ...costs, ...first, notHere };
  } finally {
    for (const { machines } of sides ?? []) await machines.down();
    await rm(folder, { recursive: true, force: true });
  }
}

function told(costs: readonly Cost[]): string {
  return costs.map(({ wallMs }) => `${(wallMs / 1000).toFixed(1)} s`).join(', ') || 'not counted';
}

async function twoSides(folder: string, say: (line: string) => void): Promise<readonly [Side, Side]> {
  const product = await sideOf(join(folder, 'product'), say);
  try {
    return [product, await sideOf(join(folder, 'ansible'), say)];
  } catch (thrown) {
    await product.machines.down();
    throw thrown;
  }
}

async function sideOf(folder: string, say: (line: string) => void): Promise<Side> {
  const machines = await threeMachines(say);
  try {
    const site = await siteOf(machines, folder);
    const playbook = await writePlaybook(site, machines, join(folder, 'ansible'));
    // Warm connections for Ansible, closed ones for the product.
    await must(['ansible', 'all', '-m', 'ansible.builtin.raw', '-a', 'true'], {
      env: playbook.env,
      cwd: playbook.folder,
    });
    return { machines, folder, site, playbook };
  } catch (thrown) {
    await machines.down();
    throw thrown;
  }
}

/** Runs something and adds what the machines used of the processor meanwhile. */
async function costOf(machines: BenchMachines, work: () => Promise<RanWithCpu>): Promise<Cost> {
  const before = machinesCpuMs(machines) ?? Number.NaN;
  const { wallMs, cpuMs } = await work();
  return { wallMs, cpuMs: cpuMs + (machinesCpuMs(machines) ?? Number.NaN) - before };
}

async function applyByProduct({ machines, site, folder }: Side): Promise<{ cost: Cost; roundTrips: number }> {
  const order: ApplyOrder = {
    knownHostsFile: machines.knownHostsFile,
    configFile: machines.sshConfigFile,
    controlDir: join(folder, 'apply'),
    runId: 'first',
    nodes: [...site.resources],
  };
  const file = join(folder, 'apply.json');
  const program = await bundledProgram('apply-site.ts', folder);
  await writeFile(file, JSON.stringify(order));
  let answer: ApplyAnswer | undefined;
  const cost = await costOf(machines, async () => {
    const ran = await mustWithCpu([process.execPath, program, file]);
    answer = JSON.parse(ran.stdout) as ApplyAnswer;
    return ran;
  });
  if (answer === undefined || answer.bad.length > 0) throw new Error(`Not applied:\n${answer?.bad.join('\n')}`);
  return { cost, roundTrips: Math.max(...Object.values(answer.nodes).map((node) => node.roundTrips)) };
}

/** A program of this folder in one file, as the command line is shipped. */
async function bundledProgram(name: string, folder: string): Promise<string> {
  const outfile = join(folder, `${name}.mjs`);
  const banner = { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" };
  const entryPoints = [join(import.meta.dirname, name)];
  await build({ entryPoints, outfile, banner, bundle: true, format: 'esm', platform: 'node', target: 'node24' });
  return outfile;
}

function ansibleRun({ playbook }: Side, options: readonly string[] = []): Promise<RanWithCpu> {
  const { file, folder, env } = playbook;
  return mustWithCpu(['ansible-playbook', ...options, file], { env, cwd: folder });
}

/** A run that must change nothing on any machine. */
async function ansibleUnchanged(side: Side, options: readonly string[]): Promise<RanWithCpu> {
  const ran = await ansibleRun(side, options);
  const recap = [...ran.stdout.matchAll(/ok=\d+ +changed=(\d+)/g)].map(([, changed]) => Number(changed));
  if (recap.length !== side.machines.names.length || recap.some((changed) => changed > 0))
    throw new Error(`Ansible would change what should be right:\n${ran.stdout.slice(-6000)}`);
  return ran;
}

/** The whole command as an operator types it; what it finds may only be what containers cannot be. */
async function driftOf(
  { site }: Side,
  run: (line: readonly string[]) => readonly string[] = (line) => line,
): Promise<RanWithCpu & { notHere: readonly string[] }> {
  const line = run([vmstation, '--workspace', site.workspaceRoot, 'drift']);
  const env = { ...process.env, CI: '1', NO_COLOR: '1' };
  const ran = await mustWithCpu(line, { env }, [exitCodes.done, exitCodes.differences]);
  const ids = [...new Set([...ran.stdout.matchAll(/^ {2}([a-z-]+:\S+)\s/gm)].map(([, id = '']) => id))];
  const brought = new Set([...site.resources.values()].flat().map(resourceId) as string[]);
  const wrong = ids.filter((id) => brought.has(id));
  if (wrong.length > 0 || ids.length === 0)
    throw new Error(`vmstation drift found what should be right: ${wrong.join(', ')}\n${ran.stdout}`);
  return { ...ran, notHere: ids };
}

/** The same on a terminal. */
function atTerminal(line: readonly string[]): readonly string[] {
  return ['script', '--quiet', '--return', '--command', quoteArguments(line), '/dev/null'];
}

/** Each side's judge looks at the machines that the other one made. */
async function assertSameEnd(product: Side, ansible: Side): Promise<void> {
  const transport = openSshTransport({
    nodes: {},
    knownHostsFile: ansible.machines.knownHostsFile,
    configFile: ansible.machines.sshConfigFile,
    controlDir: join(ansible.folder, 'judge'),
  });
  const host = createHost({ transport, clock: { now: () => new Date() } });
  const wrong: string[] = [];
  for (const [node, resources] of ansible.site.resources) {
    const { resources: states } = await host.check(node, resources);
    for (const [id, state] of states)
      if (state.state !== 'equal') wrong.push(`${node} ${id} after Ansible: ${JSON.stringify(state)}`);
  }
  await transport.close();
  if (wrong.length > 0) throw new Error(`The two sites are not the same:\n${wrong.join('\n')}`);
  await ansibleUnchanged(product, ['--check', '--diff']);
  for (const side of [product, ansible])
    for (const name of side.machines.names) await onMachine(side.machines, name, 'true');
}
