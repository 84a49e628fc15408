import { globSync, readFileSync } from 'node:fs';
import { declareConfig } from '@vmstation/cluster-config';
import { declareSetup } from '@vmstation/cluster-setup';
import {
  type ClusterKerberos,
  type DesiredResource,
  exampleCluster,
  exampleWorkspace,
  mergeDeclarations,
  type Resource,
  Secret,
  type Transport,
  type TryMode,
  type Workspace,
} from '@vmstation/core';
import { createHost, nodeCommands, nodeFiles } from '@vmstation/host';
import { beforeAll, expect, test } from 'vitest';
import { commandsIn, type FoundCommand } from '../../../packages/host/src/testing/shell-words.ts';
import { isWord, unlistedCommands, wordsToList } from '../../../packages/host/src/testing/unlisted-commands.ts';
import { armScript, confirmScript, restoreNowScript } from '../../../packages/host/src/try-mode/try-scripts.ts';
import { runAtConsole } from '../../../packages/lab/src/machine/console.ts';
import { Machine } from '../../../packages/lab/src/machine/machine.ts';
import { commandCases } from './command-contracts.ts';

// What the product really starts on nodes, against the list, and the list against the cases.

const root = new URL('../../../', import.meta.url).pathname;

/** Resources of kinds, or with properties, that the example cluster does not declare. */
const more: readonly Resource[] = [
  { kind: 'group', name: 'extra', system: true },
  { kind: 'user', name: 'alex', groups: ['extra'] },
  { kind: 'authorized-key', user: 'ops', key: 'ssh-ed25519 AAAAgone ops', ensure: 'absent' },
  { kind: 'line', path: '/etc/login.defs', name: 'umask', line: 'UMASK 022', match: '^UMASK', ensure: 'absent' },
];

/** Scripts that the example cluster's nodes are sent: looked at, brought about, looked at again, taken back. */
async function scriptsOf(
  face: 'debian-12' | 'rhel-10',
  desired: readonly DesiredResource[],
): Promise<readonly string[]> {
  const scripts: string[] = [];
  const nics = [{ name: 'enp1s0', mac: '02:00:00:00:00:63', ip: '192.168.4.63' }];
  const machine = new Machine({
    name: 'node',
    face,
    nics,
    operator: { name: 'ops', authorizedKeys: ['ssh-ed25519 AAAAgone ops'] },
  });
  await machine.begin(false);
  // Swap of the kernel's own priority on one face, with a priority that somebody gave on the other.
  if (face === 'debian-12') machine.state.swaps = machine.state.swaps.map((swap) => ({ ...swap, priority: 5 }));
  const transport: Transport = {
    counters: { roundTrips: 0, connections: 0 },
    async run(_node, { argv, stdin = '' }) {
      expect([
        ['sh', '-s'],
        ['setsid', '-w', 'sh', '-s'],
      ]).toContainEqual(argv);
      scripts.push(typeof stdin === 'string' ? stdin : Buffer.from(stdin).toString());
      const { exitCode, stdout, stderr } = await runAtConsole(machine, { argv, stdin });
      return { exitCode, stdout, stderr: Buffer.from(stderr).toString(), durationMs: 0 };
    },
    close: async () => undefined,
  };
  const unguarded: TryMode = { attempt: (_attempt, change) => change() };
  const host = createHost({ transport, clock: { now: () => new Date() }, tryMode: unguarded });
  const resources = [...desired.map(({ resource }) => resource), ...more];
  await host.check('node', resources);
  await host.apply({ node: 'node', runId: 'r1', resources });
  await host.check('node', resources);
  await host.rollback('node', 'r1');
  return scripts;
}

/** The example, with what it leaves off. */
function withKerberos(): Workspace {
  const cluster = exampleCluster();
  const kerberos: ClusterKerberos = {
    provider: 'mit',
    realm: 'HOME.ARPA',
    hosts: cluster.nodes.map(({ name }) => name),
    server: 'masternode',
    keys: { secret: 'kerberos-keys' },
    keyVersion: 1,
    users: [{ name: 'alex', password: { secret: 'alex' }, account: true }],
    services: [],
  };
  return exampleWorkspace({ cluster: { ...cluster, services: { ...cluster.services, kerberos } } });
}

let sent: readonly FoundCommand[];
beforeAll(async () => {
  const workspace = withKerberos();
  const declared = await Promise.all([
    declareSetup(workspace, { operatorPublicKey: 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIexample vmstation' }),
    declareConfig(workspace, { get: async () => new Secret('a secret of twenty characters') }),
  ]);
  const names = workspace.cluster.nodes.map(({ name }) => name);
  const desired = mergeDeclarations(names, declared.flat()).nodes;
  const scripts = workspace.cluster.nodes.map(({ name, os }) =>
    scriptsOf(os.startsWith('debian') ? 'debian-12' : 'rhel-10', desired.get(name) ?? []),
  );
  sent = (await Promise.all(scripts)).flat(2).flatMap(commandsIn);
}, 600_000);

/** Commands that stand as lists of words in the product's sources: validators, and what is run without a script. */
function writtenCommands(): readonly FoundCommand[] {
  const files = globSync('{packages/*/src,apps/cli/src}/**/*.ts', { cwd: root }).filter(
    (file) => !/\.test\.ts$|\/testing\/|^packages\/lab\/src\/(?!composition\/)/.test(file),
  );
  return files.flatMap((file) =>
    [
      ...readFileSync(`${root}${file}`, 'utf8').matchAll(
        /\b(?:argv|command|run|check|undo): \[((?:'[^'\n]*'(?:, )?)+)\]/g,
      ),
    ].map(([, list = '']) => {
      const [program = '', ...words] = [...list.matchAll(/'([^']*)'/g)].map(([, word]) => word ?? '');
      return { program, words };
    }),
  );
}

/** How a transport starts a command, and what it sends scripts to. */
const transported: readonly FoundCommand[] = [
  { program: 'sudo', words: ['-n', '--'] },
  { program: 'sudo', words: ['-k', '-S', '-p', '--'] },
  { program: 'sh', words: ['-s'] },
  { program: 'setsid', words: ['-w'] },
];

/** Started on the operator's computer, not on a node. */
const atHome = new Set(['git', 'ps']);
/** No FreeIPA server was ever at hand; the role says that it is untried, and so does every look at a cluster that asks for it. */
const untriedAnywhere = new Set(['ipa-client-install']);
/** Started by a kubelet in a container. */
const inContainers = new Set(['mc-health']);

test('every command and flag that the example cluster’s nodes are sent is listed', () => {
  expect(unlistedCommands(sent)).toEqual([]);
});

test('every command and flag that stands in the sources is listed', () => {
  const written = writtenCommands().filter(
    ({ program }) => !atHome.has(program) && !inContainers.has(program) && !untriedAnywhere.has(program),
  );
  expect(written.map(({ program }) => program)).toEqual(
    expect.arrayContaining(['sshd', 'visudo', 'nft', 'rsyslogd', 'id']),
  );
  expect(unlistedCommands(written)).toEqual([]);
});

test('sudo stands as listed in both transports', () => {
  for (const file of ['ssh/ssh-transport.ts', 'local-transport.ts'])
    expect(readFileSync(`${root}packages/remote/src/${file}`, 'utf8')).toContain("['sudo', '-n', '--', ");
  expect(readFileSync(`${root}packages/remote/src/sudo/sudo-dialogue.ts`, 'utf8')).toContain(
    "['sudo', '-k', '-S', '-p', ",
  );
});

const attempt = {
  token: 't0',
  runId: 'r1',
  area: 'sshd',
  windowSeconds: 60,
  folders: { state: '/var/lib/vmstation' },
  holder: 'ops@station',
};
/** Try mode: what arms it, what keeps the change, what takes it back. The restore is read as scripts that undo are. */
const tryMode = [armScript(attempt, 'UNDO_0'), confirmScript(attempt), restoreNowScript(attempt)];

test('every command and flag of try mode is listed', () => {
  expect(unlistedCommands(tryMode.flatMap(commandsIn))).toEqual([]);
});

const golden = globSync('packages/host/golden/*.sh', { cwd: root }).map((file) =>
  readFileSync(`${root}${file}`, 'utf8'),
);

test('what is listed is used', () => {
  const used = [...sent, ...writtenCommands(), ...transported, ...[...golden, ...tryMode].flatMap(commandsIn)];
  expect(untried(used)).toEqual([]);
});

test('every listed command and flag is tried by a case', () => {
  const tried = [...commandCases('debian'), ...commandCases('rhel')].flatMap(({ script }) => commandsIn(script));
  expect(untried(tried)).toEqual([]);
});

test('every listed file of the kernel is read by a case', () => {
  const scripts = [...commandCases('debian'), ...commandCases('rhel')].map(({ title, script }) => `${title} ${script}`);
  const unread = nodeFiles.filter(
    ({ path }) => !scripts.some((script) => script.includes(path.replace('/KEY', '/net'))),
  );
  expect(unread).toEqual([]);
});

test('every listed command is also tried with what it refuses', () => {
  const titles = [...commandCases('debian'), ...commandCases('rhel')].map(({ title }) => title);
  const refused =
    /missing|unknown|bad|may not|not there|no permission|taken|half|refused|what is no|does not exist|status|no swap|in use|only an empty|only one of many|names/;
  const withoutRefusal = nodeCommands
    .map(({ command }) => command)
    .filter((command) => !titles.some((title) => title.includes(command) && refused.test(title)));
  expect(withoutRefusal).toEqual([]);
});

/** Entries of the list that these commands leave out. */
function untried(commands: readonly FoundCommand[]): readonly string[] {
  return nodeCommands.flatMap(({ command, words }) => {
    const uses = commands.filter(({ program }) => program === command);
    if (uses.length === 0) return [command];
    const given = uses.flatMap((use) => [...wordsToList(use), ...use.words]);
    return words.filter((word) => !given.some((one) => isWord(word, one))).map((word) => `${command} ${word}`);
  });
}
