import { writeFile } from 'node:fs/promises';
import { expect } from 'vitest';
import type { Contract } from '../../../contract-case.ts';
import { type CaseKubectl, type KubectlCase, kubectlCase } from '../kubectl-case.ts';
import type { KubectlSubject } from '../kubectl-subject.ts';
import { masked } from '../masked.ts';

/** An account that may read pods of the case's namespace; its user name. */
async function reader(kubectl: CaseKubectl): Promise<string> {
  await kubectl.ok(['create', 'serviceaccount', 'bot']);
  await kubectl.ok(['create', 'role', 'reader', '--verb=get,list', '--resource=pods,pods/log']);
  await kubectl.ok(['create', 'rolebinding', 'reads', '--role=reader', `--serviceaccount=${kubectl.namespace}:bot`]);
  return `system:serviceaccount:${kubectl.namespace}:bot`;
}

const cases: readonly KubectlCase[] = [
  kubectlCase('can-i answers for oneself and for others, by exit code too', async (kubectl) => {
    const bot = await reader(kubectl);
    const canI = async (...args: string[]): Promise<string> => {
      const { exitCode, stdout } = await kubectl.run(['auth', 'can-i', ...args]);
      return `${stdout.trim()} ${exitCode}`;
    };
    expect(
      await Promise.all([
        canI('delete', 'nodes'),
        canI('list', 'pods', `--as=${bot}`),
        canI('get', 'pods', '--subresource=log', `--as=${bot}`),
        canI('delete', 'pods', `--as=${bot}`),
        canI('list', 'pods', '-n', 'default', `--as=${bot}`),
        canI('list', 'pods', '--as=nobody-in-particular'),
        canI('*', '*', '--as=somebody', '--as-group=system:masters'),
        canI('get', '/healthz', '--as=nobody-in-particular'),
        canI('get', '/metrics', '--as=nobody-in-particular'),
      ]),
    ).toEqual(['yes 0', 'yes 0', 'yes 0', 'no 1', 'no 1', 'no 1', 'yes 0', 'yes 0', 'no 1']);
  }),
  kubectlCase('can-i --list names the rules of an account', async (kubectl) => {
    const bot = await reader(kubectl);
    const rows = masked(await kubectl.ok(['auth', 'can-i', '--list', `--as=${bot}`])).split('\n');
    expect(rows[0]).toBe('Resources  Non-Resource URLs  Resource Names  Verbs');
    expect(rows).toContain('pods  []  []  [get list]');
    expect(rows).toContain('selfsubjectaccessreviews.authorization.k8s.io  []  []  [create]');
    expect(rows).not.toContain('*.*  []  []  [*]');
    expect(masked(await kubectl.ok(['auth', 'can-i', '--list']))).toContain('*.*  []  []  [*]');
  }),
  kubectlCase(
    'whoami says as whom a request is answered',
    async (kubectl) => {
      const bot = await reader(kubectl);
      expect(masked(await kubectl.ok(['auth', 'whoami']))).toMatch(/^ATTRIBUTE {2}VALUE\nUsername {2}\S+\n/u);
      const groups = (text: string): string => /Groups\s+\[(.*)\]/u.exec(text)?.[1] ?? '';
      expect(groups(await kubectl.ok(['auth', 'whoami', `--as=${bot}`]))).toBe(
        `system:serviceaccounts system:serviceaccounts:${kubectl.namespace} system:authenticated`,
      );
      const eve = await kubectl.ok([
        'auth',
        'whoami',
        '--as=eve',
        '--as-group=staff',
        '--as-group=night',
        '--as-uid=7',
      ]);
      expect(masked(eve)).toBe('ATTRIBUTE  VALUE\nUsername  eve\nUID  7\nGroups  [staff night system:authenticated]\n');
    },
    { holds: '>=1.28' },
  ),
  kubectlCase(
    'whoami says what else is claimed of somebody',
    async (kubectl) => {
      const eve = await kubectl.ok([
        'auth',
        'whoami',
        '--as=eve',
        '--as-user-extra=team=red',
        '--as-user-extra=team=blue',
      ]);
      expect(masked(eve)).toBe(
        'ATTRIBUTE  VALUE\nUsername  eve\nGroups  [system:authenticated]\nExtra: team  [red blue]\n',
      );
    },
    { holds: '>=1.28' },
  ),
  kubectlCase(
    'a token is good for what its account may do, and for nothing else',
    async (kubectl) => {
      await reader(kubectl);
      const token = await kubectl.ok(['create', 'token', 'bot', '--duration=15m']);
      const as = [
        '--token',
        token.trim(),
        '--kubeconfig',
        '/dev/null',
        '--certificate-authority',
        await authority(kubectl),
      ];
      const at = [
        '--server',
        (await kubectl.ok(['config', 'view', '--minify', '-o', 'jsonpath={.clusters[0].cluster.server}'])).trim(),
      ];
      expect(await kubectl.ok([...as, ...at, 'get', 'pods', '-o', 'name'])).toBe('');
      expect(await kubectl.refused([...as, ...at, 'get', 'secrets'])).toBe(
        `Error from server (Forbidden): secrets is forbidden: User "system:serviceaccount:${kubectl.namespace}:bot" cannot list resource "secrets" in API group "" in the namespace "${kubectl.namespace}"\n`,
      );
      expect(await kubectl.refused([...as, ...at, 'get', 'pods', '--as=eve'])).toContain(
        `User "system:serviceaccount:${kubectl.namespace}:bot" cannot impersonate resource "users" in API group "" at the cluster scope`,
      );
      expect(await kubectl.refused(['create', 'token', 'bot', '--duration=1m'])).toContain(
        'may not specify a duration less than 10 minutes',
      );
    },
    { holds: '>=1.24' },
  ),
  kubectlCase('a token that is none is refused', async (kubectl) => {
    const as = [
      '--token',
      'no-such-token',
      '--kubeconfig',
      '/dev/null',
      '--certificate-authority',
      await authority(kubectl),
    ];
    const server = await kubectl.ok(['config', 'view', '--minify', '-o', 'jsonpath={.clusters[0].cluster.server}']);
    expect(await kubectl.refused([...as, '--server', server, 'get', 'pods'])).toBe(
      'error: You must be logged in to the server (Unauthorized)\n',
    );
  }),
  kubectlCase('reconcile brings a role to what the manifest says', async (kubectl) => {
    await reader(kubectl);
    const role = `{apiVersion: rbac.authorization.k8s.io/v1, kind: Role, metadata: {name: reader, namespace: ${kubectl.namespace}}, rules: [{apiGroups: [""], resources: [pods], verbs: [watch]}]}`;
    const { exitCode, stdout, stderr } = await kubectl.run(['auth', 'reconcile', '-f', '-'], role);
    expect([exitCode, stdout.split('\n')[0]]).toEqual([0, 'role.rbac.authorization.k8s.io/reader reconciled']);
    expect(stdout + stderr).toContain(
      'missing rules added:\n\t\t{Verbs:[watch] APIGroups:[] Resources:[pods] ResourceNames:[] NonResourceURLs:[]}\n',
    );
    expect(await kubectl.value('role reader', '.rules[*].verbs')).toContain('"watch"');
  }),
];

/** Path of a file with the certificate authority of the subject's kubeconfig. */
async function authority(kubectl: CaseKubectl): Promise<string> {
  const path = `${kubectl.subject.folder}/${kubectl.namespace}.crt`;
  const data = await kubectl.ok([
    'config',
    'view',
    '--raw',
    '--minify',
    '-o',
    'jsonpath={.clusters[0].cluster.certificate-authority-data}',
  ]);
  await writeFile(path, Buffer.from(data, 'base64'));
  return path;
}

/** `kubectl auth`, `create token`, `--as`. */
export const accessContract: Contract<KubectlSubject> = { port: 'kubectl access', cases };
