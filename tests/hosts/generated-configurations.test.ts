import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { declareConfig } from '@vmstation/cluster-config';
import { checkableConfigs } from '@vmstation/cluster-monitor-stack';
import { declareSetup } from '@vmstation/cluster-setup';
import {
  exampleCluster,
  exampleWorkspace,
  type FileResource,
  mergeDeclarations,
  type RemoteCommand,
  type Resource,
  type Transport,
} from '@vmstation/core';
import { createHost } from '@vmstation/host';
import { localTransport } from '@vmstation/remote';
import { afterAll, expect, test } from 'vitest';

// Every configuration that the product generates for the example cluster, before the program that has to read it.

const folder = mkdtempSync(join(tmpdir(), 'vmstation-judged-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const workspace = exampleWorkspace();
const declared = await Promise.all([
  declareSetup(workspace, { operatorPublicKey: 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIexample vmstation' }),
  declareConfig(workspace),
]);
const desired = mergeDeclarations(
  workspace.cluster.nodes.map(({ name }) => name),
  declared.flat(),
).nodes;
const debians = workspace.cluster.nodes.filter(({ os }) => os.startsWith('debian-')).map(({ name }) => name);

/** How each place of a file is judged; `{}` is the file. Files that only people read have nobody to judge them. */
const judges: readonly { readonly place: RegExp; readonly argv: readonly string[] | undefined }[] = [
  { place: /^\/etc\/chrony\/chrony\.conf$/, argv: ['chronyd', '-p', '-f', '{}'] },
  { place: /^\/etc\/rsyslog\.d\//, argv: ['rsyslogd', '-N1', '-f', '{}'] },
  { place: /^\/etc\/ssh\/sshd_config\.d\//, argv: ['sshd', '-t', '-h', 'HOSTKEY', '-f', '{}'] },
  { place: /^\/etc\/logrotate\.(?:d\/|conf$)/, argv: ['logrotate', '-d', '{}'] },
  { place: /^\/etc\/apt\/apt\.conf\.d\//, argv: ['apt-config', 'dump', '-c', '{}'] },
  { place: /^\/etc\/modprobe\.d\//, argv: ['modprobe', '--showconfig', '-C', '{}'] },
  { place: /^\/etc\/profile\.d\//, argv: ['sh', '-n', '{}'] },
  { place: /^\/etc\/vmstation\/firewall\.nft$/, argv: ['nft', '-c', '-f', '{}'] },
  { place: /^\/etc\/sudoers\.d\//, argv: ['visudo', '-c', '-f', '{}'] },
  { place: /^\/etc\/systemd\/(?:coredump|journald|system)\.conf\.d\//, argv: undefined },
  { place: /^\/etc\/security\//, argv: undefined },
  // auditctl judges rules only while it loads them.
  { place: /^\/etc\/audit\/rules\.d\//, argv: undefined },
  { place: /^\/etc\/exports\.d\//, argv: undefined },
  { place: /^\/etc\/(motd|issue(\.net)?)$/, argv: undefined },
];

function judge(name: string, content: string, argv: readonly string[]): { exitCode: number | null; said: string } {
  const file = join(folder, name);
  writeFileSync(file, content, { mode: 0o644 });
  const [program = '', ...args] = argv.map((part) => (part === '{}' ? file : part));
  const result = spawnSync(program, args, { encoding: 'utf8', env: { ...process.env, PATH: path } });
  return { exitCode: result.status, said: `${result.error?.message ?? ''}${result.stdout}${result.stderr}` };
}

const path = `${process.env['PATH']}:/usr/sbin:/sbin`;
const isFile = (resource: Resource): resource is FileResource =>
  resource.kind === 'file' && resource.content !== undefined;

const files = debians.flatMap((node) =>
  (desired.get(node) ?? [])
    .map(({ resource }) => resource)
    .filter(isFile)
    .map((file) => [node, file.path, file] as const),
);

test('somebody judges every kind of file, or nobody can', () => {
  expect(files.filter(([, place]) => !judges.some((one) => one.place.test(place))).map(([, place]) => place)).toEqual(
    [],
  );
});

test.each(
  files.flatMap(([node, place, { content = '' }]) => {
    const argv = judges.find((one) => one.place.test(place))?.argv;
    return argv === undefined ? [] : [[node, place, argv[0] ?? '', content, argv] as const];
  }),
)('%s: %s passes %s', (_node, place, _program, content, argv) => {
  const good = judgeFile(place, content, argv);
  expect(good.exitCode, good.said).toBe(0);
  // rsyslogd and logrotate say what is wrong and may still end with 0.
  expect(good.said).not.toMatch(complaint);
  const bad = judgeFile(place, `${content}\nnonsense { ) of no program\n`, argv);
  expect(bad.exitCode !== 0 || complaint.test(bad.said), `a wrong file was let through: ${bad.said}`).toBe(true);
});

const complaint = /error|unknown|could not/i;

function judgeFile(place: string, content: string, argv: readonly string[]): ReturnType<typeof judge> {
  const hostKey = join(folder, 'host-key');
  rmSync(hostKey, { force: true });
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', hostKey]);
  mkdirSync('/run/sshd', { recursive: true });
  const command = argv.map((part) => (part === 'HOSTKEY' ? hostKey : part));
  return judge(basename(place), withoutHostKeys(content, hostKey), command);
}

/** The keys of this computer are not the node's; those of the file are judged with a key that exists. */
function withoutHostKeys(content: string, hostKey: string): string {
  return content.replaceAll(/^HostKey .*$/gm, `HostKey ${hostKey}`);
}

test.each(debians)('%s: its units pass systemd-analyze verify', (node) => {
  const units = (desired.get(node) ?? [])
    .map(({ resource }) => resource)
    .filter((resource) => resource.kind === 'unit');
  expect(units.length).toBeGreaterThan(0);
  for (const { name, content } of units) {
    const { exitCode, said } = judge(name, content, ['systemd-analyze', 'verify', '--recursive-errors=no', '{}']);
    expect(exitCode, said).toBe(0);
  }
});

const ofStack = checkableConfigs(exampleCluster());
test.each(
  ofStack.filter(({ checker }) => checker !== undefined).map((one) => [one.name, one.checker?.[0], one] as const),
)('monitoring: %s passes %s', (name, _program, { text, checker = [] }) => {
  const { exitCode, said } = judge(name, text, checker);
  expect(exitCode, said).toBe(0);
});

/** Every script that the host package generates for a node, without running any but the check. */
async function generatedScripts(resources: readonly Resource[]): Promise<readonly string[]> {
  const scripts: string[] = [];
  const local = localTransport();
  const recording: Transport = {
    ...local,
    run: async (node, command: RemoteCommand) => {
      if (typeof command.stdin === 'string') scripts.push(command.stdin);
      else if (command.stdin !== undefined) scripts.push(Buffer.from(command.stdin).toString());
      // The first script only looks; what would change this computer is kept and not run.
      if (scripts.length > 1) throw new Error('not run');
      return local.run(node, command);
    },
  };
  const host = createHost({ transport: recording, clock: { now: () => new Date() } });
  await host.apply({ node: 'here', runId: 'judged', resources }).catch((error: unknown) => {
    if (!(error instanceof Error) || error.message !== 'not run') throw error;
  });
  return scripts;
}

test.each(debians)('%s: the scripts that check and change it pass shellcheck', async (node) => {
  const resources = (desired.get(node) ?? [])
    .map(({ resource }) => resource)
    .filter(({ guard }) => guard === undefined);
  const scripts = await generatedScripts(resources);
  expect(scripts.length).toBe(2);
  for (const [index, script] of scripts.entries()) {
    const { exitCode, said } = judge(`script-${index}.sh`, script, ['shellcheck', '-s', 'sh', '-S', 'warning', '{}']);
    chmodSync(join(folder, `script-${index}.sh`), 0o600);
    expect(exitCode, said.slice(0, 4000)).toBe(0);
  }
});
