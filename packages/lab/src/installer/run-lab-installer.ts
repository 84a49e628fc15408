import { dirname, resolve } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { askLab } from '../daemon/lab-client.ts';
import { labPaths } from '../daemon/lab-paths.ts';
import { readInventory, type Variables } from './ansible-inventory.ts';
import { type LabMachinesPort, type PlaybookRun, runClusterPlaybook } from './cluster-playbook.ts';
import { KubesprayVariables } from './kubespray-variables.ts';
import { PlaybookOutput } from './playbook-output.ts';

const createTimeoutMs = 120_000;
const defaultPaceMs = 40;

/**
 * The lab's `ansible-playbook`: builds the lab's cluster from a rendered Kubespray inventory and nothing else, printing Ansible's JSON lines.
 * `workspaceRoot` says whose lab; `args` are those of ansible-playbook. Returns its exit code.
 */
export async function runLabInstaller(
  workspaceRoot: string,
  args: readonly string[],
  print: (line: string) => void = (line) => process.stdout.write(`${line}\n`),
): Promise<number> {
  const paths = labPaths(workspaceRoot);
  const machines: LabMachinesPort = {
    readiness: (node) => askLab(paths, 'node.readiness', { node }),
    createCluster: (wanted) => askLab(paths, 'cluster.create', { order: wanted }, createTimeoutMs),
  };
  return playInstaller(args, {
    machines,
    output: new PlaybookOutput(print),
    print,
    paceMs: Number(process.env.VMSTATION_LAB_PACE_MS ?? defaultPaceMs),
    sleep: (milliseconds) => after(milliseconds),
  });
}

/** What the installer plays on. */
export interface InstallerStage extends Pick<PlaybookRun, 'machines' | 'output' | 'paceMs' | 'sleep'> {
  readonly print: (line: string) => void;
}

/** Runs `ansible-playbook` with these arguments on the lab's machines. Returns its exit code. */
export async function playInstaller(args: readonly string[], stage: InstallerStage): Promise<number> {
  const { print, machines, output, paceMs, sleep } = stage;
  if (/\/playbooks\/[a-z0-9-]+\.yml$/.test(args.at(-1) ?? '')) {
    const reason = 'the simulated machines have no Python, so a playbook of your own cannot be tried on them';
    print(JSON.stringify({ _event: 'vmstation_not_proved', reason }));
    return 0;
  }
  const order = readArguments(args, print);
  if (typeof order === 'number') return order;
  try {
    const inventory = readInventory(order.inventoryFile);
    return await runClusterPlaybook({
      inventory,
      inventoryDir: dirname(order.inventoryFile),
      variablesOf: (host) => new KubesprayVariables(inventory, host, order.extra),
      machines,
      output,
      paceMs,
      sleep,
    });
  } catch (thrown) {
    print(`ERROR! ${thrown instanceof Error ? thrown.message : String(thrown)}`);
    return 1;
  }
}

function readArguments(
  args: readonly string[],
  print: (line: string) => void,
): { readonly inventoryFile: string; readonly extra: Variables } | number {
  let parsed: ReturnType<typeof parse>;
  try {
    parsed = parse(args);
  } catch (thrown) {
    print(`ERROR! ${thrown instanceof Error ? thrown.message : String(thrown)}`);
    return 5;
  }
  const { values, positionals } = parsed;
  if (values.version === true) {
    print('ansible-playbook (the lab of vmstation, in place of ansible-core 2.18)');
    return 0;
  }
  const [playbook = ''] = positionals;
  if (!/(?:^|\/)cluster\.yml$|^kubernetes_sigs\.kubespray\.cluster$/.test(playbook)) {
    print(`ERROR! the playbook: ${playbook} could not be found (the lab knows only Kubespray's cluster playbook)`);
    return 1;
  }
  if (values.inventory === undefined) {
    print('ERROR! no inventory was given (-i)');
    return 5;
  }
  const extra = Object.fromEntries((values['extra-vars'] ?? []).map((pair) => splitPair(pair)));
  return { inventoryFile: resolve(values.inventory), extra };
}

function parse(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      inventory: { type: 'string', short: 'i' },
      become: { type: 'boolean', short: 'b' },
      'extra-vars': { type: 'string', short: 'e', multiple: true },
      verbose: { type: 'boolean', short: 'v' },
      version: { type: 'boolean' },
    },
  });
}

function splitPair(pair: string): [string, string] {
  const at = pair.indexOf('=');
  return at === -1 ? [pair, ''] : [pair.slice(0, at), pair.slice(at + 1)];
}
