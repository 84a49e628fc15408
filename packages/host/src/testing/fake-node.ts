import { checkGreeting } from '../observe/check-script.ts';
import { Observations } from '../observe/observations.ts';
import type { ProbeSet } from '../observe/probe.ts';
import { parseReply } from '../observe/reply.ts';

/** What a made-up node holds; what is left out is empty or absent. */
export interface FakeNode {
  readonly family?: 'debian' | 'rhel';
  readonly system?: readonly string[];
  /** Lines as `stat -c '%a %u %g %U %G %s %F:%n'` prints them. */
  readonly stat?: readonly string[];
  readonly digests?: Readonly<Record<string, string>>;
  readonly texts?: Readonly<Record<string, string>>;
  readonly packages?: Readonly<Record<string, string>>;
  /** Those of the packages that dpkg holds. */
  readonly held?: readonly string[];
  readonly units?: readonly Readonly<Record<string, string>>[];
  readonly links?: Readonly<Record<string, string>>;
  readonly modules?: readonly string[];
  /** How guards ended, with what they printed where it is looked at. */
  readonly guards?: readonly (number | { readonly exitCode: number; readonly printed: string })[];
  /** Lines of the two tables of a KDC's database. */
  readonly kerberos?: { readonly keys: readonly string[]; readonly attributes: readonly string[] };
  /** Lines as `stat -c '%C %n'` prints them. */
  readonly labels?: readonly string[];
  /** Signatures of devices, by path, as `TYPE` or `TYPE LABEL`. */
  readonly devices?: Readonly<Record<string, readonly string[]>>;
  /** What wakes cards, by name. */
  readonly wakeOn?: Readonly<Record<string, string>>;
}

const nonce = 'n0nce';
const ofEveryNode = {
  '/etc/os-release': 'ID=debian\nPRETTY_NAME="Debian"',
  '/proc/sys/kernel/osrelease': '6.1.0-26-amd64',
  '/proc/sys/kernel/arch': 'x86_64',
};

/** The reply that such a node would give, framed as a check script frames it. */
export function fakeReply(node: FakeNode): string {
  const part = (name: string, lines: readonly string[], exitCode = 0): string[] => [
    `@${nonce} begin ${name}`,
    ...lines,
    `@${nonce} end ${name} ${exitCode} ${lines.length}`,
  ];
  const texts = Object.entries({ ...ofEveryNode, ...node.texts });
  return [
    `@${nonce} ${checkGreeting}`,
    ...part('system', [`family ${node.family ?? 'debian'}`, 'systemd yes', ...(node.system ?? [])]),
    ...part('path', pathLines(node)),
    ...part(
      'digest',
      Object.entries(node.digests ?? {}).map(([path, digest]) => `${digest}  ${path}`),
    ),
    ...part(
      'texts',
      texts.map(([path]) => path),
    ),
    ...part(
      'lines',
      texts.flatMap(([path, text]) => text.split('\n').map((line) => `${path}:${line}`)),
    ),
    ...part(
      'package',
      Object.entries(node.packages ?? {}).map(
        ([name, version]) => `${name}\t${node.held?.includes(name) ? 'hold' : 'install'} ok installed\t${version}`,
      ),
    ),
    ...part('unit', [
      (node.units ?? [])
        .map((unit) =>
          Object.entries(unit)
            .map(([key, value]) => `${key}=${value}`)
            .join('\n'),
        )
        .join('\n\n'),
    ]),
    ...part('kernel', []),
    ...part('python', []),
    ...part('disk', ['Filesystem', '/dev/sda1 100 50 1048576 50% /']),
    ...part('clock', ['2026-11-23T09:00:00Z']),
    ...part(
      'module',
      (node.modules ?? []).map((name) => `loaded ${name}`),
    ),
    ...part('context', node.labels ?? []),
    ...part('signature', signatureLines(node)),
    ...part('wake', wakeLines(node)),
    ...(node.guards ?? []).flatMap((answer, index) => {
      const { exitCode, printed } = typeof answer === 'number' ? { exitCode: answer, printed: '' } : answer;
      return part(`guard-${index}`, printed.split('\n'), exitCode);
    }),
    ...part('kerberos-keys', node.kerberos?.keys ?? []),
    ...part('kerberos-attributes', node.kerberos?.attributes ?? []),
    `@${nonce} done 9`,
    '',
  ].join('\n');
}

/** Two lines a path, as the script asks stat for them. */
function pathLines({ stat = [], links = {} }: FakeNode): readonly string[] {
  const named = stat.map((line): [path: string, line: string] => [line.slice(line.indexOf(':') + 1), line]);
  const only = Object.keys(links).filter((link) => !named.some(([path]) => path === link));
  const all = [...named, ...only.map((link) => [link, `777 0 0 root root 1 symbolic link:${link}`] as const)];
  return all.flatMap(([path, line]) => [line, links[path] === undefined ? path : `${path} -> ${links[path]}`]);
}

function signatureLines({ devices = {} }: FakeNode): readonly string[] {
  return [
    ...Object.keys(devices).map((device) => `device ${device}`),
    ...Object.entries(devices).flatMap(([device, found]) =>
      found.map((one) => `${device.split('/').at(-1)},0x438,uuid,${one.split(' ')[1] ?? ''},${one.split(' ')[0]}`),
    ),
    'status 0',
  ];
}

function wakeLines({ wakeOn = {} }: FakeNode): readonly string[] {
  return Object.entries(wakeOn).flatMap(([card, letters]) => [`card ${card}`, `\tWake-on: ${letters}`]);
}

/** What a check of such a node sees; `reply` when the answer was meddled with. */
export function observationsOf(
  node: FakeNode,
  probes: Partial<ProbeSet> = {},
  reply: string = fakeReply(node),
): Observations {
  const source = { node: 'fake', nonce, greeting: checkGreeting, exitCode: 0, stderr: '' };
  const none = {
    paths: [],
    contents: [],
    lines: [],
    globs: [],
    labels: [],
    devices: [],
    links: [],
    packages: [],
    units: [],
    modules: [],
    keyUsers: [],
    guards: (node.guards ?? []).map((_, index) => ({ name: `${index}`, argv: [] })),
    kerberos: [],
  };
  return new Observations(parseReply(reply, source), { ...none, ...probes }, source);
}
