import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Resource } from '@vmstation/core';
import { createHost } from '@vmstation/host';
import { openSshTransport } from '@vmstation/remote';
import {
  controlPathOf,
  type SshSettings,
  sshDestination,
  sshOptions,
} from '../../packages/remote/src/ssh/ssh-options.ts';
import type { BenchMachines } from './machines.ts';
import { observingScript } from './observing-script.ts';
import { countProcesses, type ProcessCount } from './processes.ts';
import { must } from './programs.ts';
import type { Site } from './site.ts';
import { interleaved, timed } from './statistics.ts';

/** Milliseconds of each way to look at all machines at once. */
export type CheckTimes = Readonly<Record<'product' | 'script' | 'bare', readonly number[]>>;

/** What checks within a process cost. */
export interface CheckFigures {
  readonly warm: CheckTimes;
  readonly cold: CheckTimes;
  /** Of all machines, the most. */
  readonly roundTrips: number;
  readonly processes: ProcessCount;
}

const warmRounds = 25;
const coldRounds = 12;

/** Measures the product's check against a script made by hand, over the same connections, and against `true`, in turn. */
export async function checkRounds(site: Site, machines: BenchMachines, folder: string): Promise<CheckFigures> {
  const settings = (name: string): SshSettings => ({
    nodes: {},
    knownHostsFile: machines.knownHostsFile,
    configFile: machines.sshConfigFile,
    controlDir: join(folder, name),
  });
  const kept = settings('kept');
  const transport = openSshTransport(kept);
  const host = createHost({ transport, clock: { now: () => new Date() } });
  await productCheck(host, site);
  const before = transport.counters.roundTrips;
  await productCheck(host, site);
  const roundTrips = (transport.counters.roundTrips - before) / machines.names.length;
  const [node = ''] = machines.names;
  const processes = await countProcesses(transport, host, node, site.resources.get(node) ?? []);
  const byHand = new ByHand(site, machines);
  await byHand.check(kept);
  const warm = await interleaved(warmRounds, {
    product: () => timed(() => productCheck(host, site)),
    script: () => timed(() => byHand.check(kept)),
    bare: () => timed(() => byHand.bare(kept)),
  });
  await transport.close();
  let number = 0;
  const cold = await interleaved(coldRounds, {
    product: () =>
      inFolder(settings(`cold-${(number += 1)}`), async (own) => {
        const fresh = openSshTransport(own);
        const took = await timed(() =>
          productCheck(createHost({ transport: fresh, clock: { now: () => new Date() } }), site),
        );
        await fresh.close();
        return took;
      }),
    script: () => inFolder(settings(`cold-${(number += 1)}`), (own) => byHand.cold(own, () => byHand.check(own))),
    bare: () => inFolder(settings(`cold-${(number += 1)}`), (own) => byHand.cold(own, () => byHand.bare(own))),
  });
  return { warm, cold, roundTrips, processes };
}

async function inFolder(own: SshSettings, work: (own: SshSettings) => Promise<number>): Promise<number> {
  const took = await work(own);
  await rm(own.controlDir, { recursive: true, force: true });
  return took;
}

/** All machines at once; every resource has to be as declared. */
async function productCheck(host: ReturnType<typeof createHost>, site: Site): Promise<void> {
  const checks = [...site.resources].map(async ([node, resources]) => {
    const { resources: states } = await host.check(node, resources);
    for (const [id, state] of states)
      if (state.state !== 'equal') throw new Error(`${node} ${id}: ${JSON.stringify(state)}`);
  });
  await Promise.all(checks);
}

/** Programs as a shell script of three `ssh … &` would start them, with the options that the product's connections have. */
class ByHand {
  readonly #machines: BenchMachines;
  readonly #scripts: ReadonlyMap<string, string>;
  readonly #good = new Map<string, string>();

  constructor(site: Site, machines: BenchMachines) {
    this.#machines = machines;
    this.#scripts = new Map(
      [...site.resources].map(([node, own]: [string, readonly Resource[]]) => [node, observingScript(own)]),
    );
  }

  /** Looks at everything and compares it with the first look. */
  async check(settings: SshSettings): Promise<void> {
    await this.#each(async (node) => {
      const script = this.#scripts.get(node) ?? '';
      const { stdout } = await must(this.#line(settings, node, 'sudo -n sh -s'), { stdin: script });
      const good = this.#good.get(node);
      if (good !== undefined && good !== stdout) throw new Error(`${node} changed while it was measured`);
      if (stdout === '') throw new Error(`${node}: the script by hand saw nothing`);
      this.#good.set(node, stdout);
    });
  }

  async bare(settings: SshSettings): Promise<void> {
    await this.#each((node) => must(this.#line(settings, node, 'true')));
  }

  /** Times work whose connections are closed after it. */
  async cold(settings: SshSettings, work: () => Promise<void>): Promise<number> {
    const took = await timed(work);
    await this.#each((node) => must(this.#line(settings, node, '', ['-O', 'exit'])));
    return took;
  }

  async #each(work: (node: string) => Promise<unknown>): Promise<void> {
    await Promise.all(this.#machines.names.map(work));
  }

  #line(settings: SshSettings, node: string, command: string, more: readonly string[] = []): readonly string[] {
    const options = [...sshOptions(settings, node, controlPathOf(settings, node)), ...more];
    return ['ssh', ...options, '--', sshDestination(settings, node), ...(command === '' ? [] : [command])];
  }
}
