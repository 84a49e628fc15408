import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Contract } from '../../../contract-case.ts';
import { type CaseKubectl, type KubectlCase, kubectlCase } from '../kubectl-case.ts';
import type { KubectlSubject } from '../kubectl-subject.ts';
import { lines, masked } from '../masked.ts';

/** A Deployment of no replicas and its Service. */
function site(replicas: number, image = 'a/b:1'): string {
  return `apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {tier: front}}
spec:
  replicas: ${replicas}
  paused: true
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: "${image}", ports: [{containerPort: 80}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80}]}
`;
}

const fromFile = (...flags: string[]): string[] => ['apply', '-f', '-', ...flags];

const clientSide: readonly KubectlCase[] = [
  kubectlCase('apply says created, unchanged and configured', async (kubectl) => {
    expect(await kubectl.apply(site(0))).toBe(lines('deployment.apps/web created', 'service/web created'));
    expect(await kubectl.apply(site(0))).toBe(lines('deployment.apps/web unchanged', 'service/web unchanged'));
    expect(await kubectl.apply(site(1))).toBe(lines('deployment.apps/web configured', 'service/web unchanged'));
    expect(await kubectl.value('deployment web', '.spec.replicas')).toBe('1');
  }),
  kubectlCase('a field that is applied no longer goes, one of somebody else stays', async (kubectl) => {
    await kubectl.apply('{apiVersion: v1, kind: ConfigMap, metadata: {name: settings}, data: {a: "1", b: "2"}}');
    await kubectl.ok(['patch', 'configmap', 'settings', '-p', '{"data":{"c":"3"}}']);
    await kubectl.apply('{apiVersion: v1, kind: ConfigMap, metadata: {name: settings}, data: {a: "1"}}');
    expect(await kubectl.value('configmap settings', '.data')).toBe('{"a":"1","c":"3"}');
    expect(await kubectl.ok(['apply', 'view-last-applied', 'configmap/settings'])).toContain('a: "1"');
  }),
  kubectlCase('apply --dry-run=server says what would be and changes nothing', async (kubectl) => {
    await kubectl.apply(site(0));
    expect(await kubectl.apply(site(2), '--dry-run=server')).toBe(
      lines('deployment.apps/web configured (server dry run)', 'service/web unchanged (server dry run)'),
    );
    expect(await kubectl.value('deployment web', '.spec.replicas')).toBe('0');
  }),
  kubectlCase(
    'an unknown field is refused by its path, or only warned of when asked',
    async (kubectl) => {
      const manifest = '{apiVersion: v1, kind: ConfigMap, metadata: {name: settings, lables: {a: b}}, dta: {a: b}}';
      expect(await kubectl.refused(fromFile(), manifest)).toBe(
        'Error from server (BadRequest): error when creating "STDIN": ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: unknown field "dta", unknown field "metadata.lables"\n',
      );
      const { exitCode, stdout, stderr } = await kubectl.run(fromFile('--validate=warn'), manifest);
      expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: 'configmap/settings created\n' });
      expect(stderr).toBe(lines('Warning: unknown field "dta"', 'Warning: unknown field "metadata.lables"'));
    },
    { holds: '>=1.25' },
  ),
  kubectlCase('a kind that the server does not know is refused by name', async (kubectl) => {
    const manifest = '{apiVersion: example.test/v1, kind: Unicorn, metadata: {name: horn}}';
    expect(await kubectl.refused(fromFile(), manifest)).toBe(
      'error: resource mapping not found for name: "horn" namespace: "" from "STDIN": no matches for kind "Unicorn" in version "example.test/v1"\nensure CRDs are installed first\n',
    );
  }),
  kubectlCase('a mistyped and an invalid field are refused, and nothing is made', async (kubectl) => {
    expect(await kubectl.refused(fromFile(), site(0).replace('replicas: 0', 'replicas: many'))).toContain(
      'Deployment in version "v1" cannot be handled as a Deployment: json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32',
    );
    expect(
      await kubectl.refused(fromFile(), site(0).replace('app: web}}\n  template', 'app: other}}\n  template')),
    ).toContain(
      'The Deployment "web" is invalid: spec.template.metadata.labels: Invalid value: {"app":"web"}: `selector` does not match template `labels`',
    );
    expect(await kubectl.ok(['get', 'deployments', '-o', 'name'])).toBe('');
  }),
];

async function serverSideTwice(kubectl: CaseKubectl): Promise<void> {
  expect(await kubectl.apply(site(0), '--server-side', '--field-manager=first')).toBe(
    lines('deployment.apps/web serverside-applied', 'service/web serverside-applied'),
  );
}

const conflictAdvice = lines(
  'Please review the fields above--they currently have other managers. Here',
  'are the ways you can resolve this warning:',
  '* If you intend to manage all of these fields, please re-run the apply',
  '  command with the `--force-conflicts` flag.',
  '* If you do not intend to manage all of the fields, please edit your',
  '  manifest to remove references to the fields that should keep their',
  '  current managers.',
  '* You may co-own fields by updating your manifest to match the existing',
  "  value; in this case, you'll become the manager if the other manager(s)",
  '  stop managing the field (remove it from their configuration).',
  'See https://kubernetes.io/docs/reference/using-api/server-side-apply/#conflicts',
);

const serverSide: readonly KubectlCase[] = [
  kubectlCase('another applier is refused with the fields, and force takes them', async (kubectl) => {
    await serverSideTwice(kubectl);
    const second = fromFile('--server-side', '--field-manager=second');
    expect(await kubectl.refused(second, site(2))).toBe(
      `error: Apply failed with 1 conflict: conflict with "first": .spec.replicas\n${conflictAdvice}`,
    );
    expect(await kubectl.refused(second, site(2, 'a/b:2'))).toBe(
      `error: Apply failed with 2 conflicts: conflicts with "first":\n- .spec.replicas\n- .spec.template.spec.containers[name="web"].image\n${conflictAdvice}`,
    );
    await kubectl.ok([...second, '--force-conflicts'], site(2));
    expect(await kubectl.value('deployment web', '.spec.replicas')).toBe('2');
    expect(await kubectl.refused(fromFile('--server-side', '--field-manager=first'), site(0))).toContain(
      'conflict with "second"',
    );
  }),
  kubectlCase(
    'what was applied on the client is owned by kubectl and goes over to the server side',
    async (kubectl) => {
      await kubectl.apply(site(0));
      expect(await kubectl.refused(fromFile('--server-side'), site(1))).toBe(
        `error: Apply failed with 1 conflict: conflict with "kubectl-client-side-apply" using apps/v1: .spec.replicas\n${conflictAdvice}`,
      );
      await kubectl.apply(site(0), '--server-side');
      await kubectl.apply(site(1), '--server-side');
      const managers = (await kubectl.value('deployment web', '.metadata.managedFields[*].manager')).split(' ');
      expect(managers).toContain('kubectl');
      expect(managers).not.toContain('kubectl-client-side-apply');
    },
    { holds: '>=1.26' },
  ),
  kubectlCase('equal values are owned together; a field goes with its last owner', async (kubectl) => {
    const map = (data: string): string =>
      `{apiVersion: v1, kind: ConfigMap, metadata: {name: settings}, data: ${data}}`;
    const as = (manager: string, data: string): Promise<string> =>
      kubectl.apply(map(data), '--server-side', `--field-manager=${manager}`);
    await as('first', '{a: "1", b: "2"}');
    await as('second', '{a: "1"}');
    await as('first', '{}');
    expect(await kubectl.value('configmap settings', '.data')).toBe('{"a":"1"}');
    await as('second', '{}');
    expect(await kubectl.value('configmap settings', '.data')).toBe('');
  }),
];

const others: readonly KubectlCase[] = [
  kubectlCase(
    'diff ends with 0 where nothing differs and with 1 and the lines where something does',
    async (kubectl) => {
      const diff = ['diff', '-f', '-'];
      const absent = await kubectl.run(diff, site(0));
      expect([absent.exitCode, absent.stdout.includes('+kind: Deployment')]).toEqual([1, true]);
      await kubectl.apply(site(0));
      expect(await kubectl.run(diff, site(0))).toEqual({ exitCode: 0, stdout: '', stderr: '' });
      const changed = await kubectl.run(diff, site(3));
      const differing = changed.stdout.split('\n').filter((line) => /^[+-] /u.test(line));
      expect([changed.exitCode, differing]).toEqual([
        1,
        ['-  generation: 1', '+  generation: 2', '-  replicas: 0', '+  replicas: 3'],
      ]);
      expect((await kubectl.run([...diff, '--server-side', '--force-conflicts'], site(3))).exitCode).toBe(1);
      expect(await kubectl.value('deployment web', '.spec.replicas')).toBe('0');
    },
  ),
  kubectlCase('a kustomization is applied and deleted as a whole', async (kubectl) => {
    const folder = join(kubectl.subject.folder, kubectl.namespace);
    await mkdir(folder);
    await writeFile(join(folder, 'site.yaml'), site(0));
    await writeFile(
      join(folder, 'kustomization.yaml'),
      'namePrefix: my-\nresources: [site.yaml]\nconfigMapGenerator: [{name: settings, literals: [a=b]}]\nimages: [{name: a/b, newTag: "9"}]\n',
    );
    expect(await kubectl.ok(['apply', '-k', folder])).toBe(
      lines('configmap/my-settings-4h2mbtbbt6 created', 'service/my-web created', 'deployment.apps/my-web created'),
    );
    expect(await kubectl.value('deployment my-web', '.spec.template.spec.containers[0].image')).toBe('a/b:9');
    expect(await kubectl.ok(['delete', '-k', folder])).toBe(
      lines('configmap "my-settings-4h2mbtbbt6"', 'service "my-web"', 'deployment.apps "my-web"').replaceAll(
        '"\n',
        `" deleted from ${kubectl.namespace} namespace\n`,
      ),
    );
  }),
  kubectlCase('replace wants the object as it is, and refuses a stale one', async (kubectl) => {
    await kubectl.ok(['create', 'configmap', 'settings', '--from-literal=a=1']);
    const before = await kubectl.ok(['get', 'configmap', 'settings', '-o', 'yaml']);
    expect(await kubectl.ok(['replace', '-f', '-'], before.replace('"1"', '"2"'))).toBe(
      'configmap/settings replaced\n',
    );
    expect(await kubectl.refused(['replace', '-f', '-'], before.replace('"1"', '"3"'))).toContain(
      'Operation cannot be fulfilled on configmaps "settings": the object has been modified; please apply your changes to the latest version and try again',
    );
    expect(masked(await kubectl.value('configmap settings', '.data.a'))).toBe('2');
  }),
  kubectlCase('apply --prune takes away what is no longer among the manifests', async (kubectl) => {
    const map = (name: string): string =>
      `{apiVersion: v1, kind: ConfigMap, metadata: {name: ${name}, labels: {set: mine}}}\n---\n`;
    const prune = ['--prune', '-l', 'set=mine', '--prune-allowlist=core/v1/ConfigMap'];
    await kubectl.apply(map('one') + map('two'), ...prune);
    expect(await kubectl.apply(map('one'), ...prune)).toBe(lines('configmap/one unchanged', 'configmap/two pruned'));
  }),
];

/** `kubectl apply`, `diff`, `replace`. */
export const applyContract: Contract<KubectlSubject> = {
  port: 'kubectl apply',
  cases: [...clientSide, ...serverSide, ...others],
};
