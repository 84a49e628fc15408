import { expect } from 'vitest';
import type { Contract } from '../../../contract-case.ts';
import { type CaseKubectl, type KubectlCase, kubectlCase } from '../kubectl-case.ts';
import type { KubectlSubject } from '../kubectl-subject.ts';
import { lines, masked } from '../masked.ts';

/** A Deployment without pods, to change. */
function idle(kubectl: CaseKubectl): Promise<string> {
  return kubectl.ok(['create', 'deployment', 'web', '--image=a/b:1', '--replicas=0']);
}

/** A pod that no node takes. */
const unschedulable =
  '{apiVersion: v1, kind: Pod, metadata: {name: waiting}, spec: {nodeSelector: {no/such: label}, containers: [{name: c, image: "a/b:1"}]}}';

const changes: readonly KubectlCase[] = [
  kubectlCase('patch of each kind, and one that changes nothing', async (kubectl) => {
    await idle(kubectl);
    const patch = (type: string, body: string): Promise<string> =>
      kubectl.ok(['patch', 'deployment', 'web', `--type=${type}`, '-p', body]);
    expect(
      await patch('strategic', '{"spec":{"template":{"spec":{"containers":[{"name":"more","image":"c/d:2"}]}}}}'),
    ).toBe('deployment.apps/web patched\n');
    expect(await kubectl.value('deployment web', '.spec.template.spec.containers[*].name')).toBe('more b');
    await patch('merge', '{"spec":{"template":{"spec":{"containers":[{"name":"only","image":"e/f:3"}]}}}}');
    expect(await kubectl.value('deployment web', '.spec.template.spec.containers[*].name')).toBe('only');
    await patch(
      'json',
      '[{"op":"test","path":"/spec/replicas","value":0},{"op":"add","path":"/metadata/labels/x~1y","value":"z"}]',
    );
    expect(await kubectl.value('deployment web', '.metadata.labels')).toBe('{"app":"web","x/y":"z"}');
    expect(await patch('merge', '{"spec":{"replicas":0}}')).toBe('deployment.apps/web patched (no change)\n');
    expect(
      await kubectl.refused([
        'patch',
        'deployment',
        'web',
        '--type=json',
        '-p',
        '[{"op":"remove","path":"/spec/nothing"}]',
      ]),
    ).toContain('The request is invalid');
  }),
  kubectlCase(
    'the subresources status and scale are read and patched, and reach nothing else',
    async (kubectl) => {
      await idle(kubectl);
      const patch = ['patch', 'deployment', 'web', '--type=merge', '--subresource=scale'];
      expect(await kubectl.ok([...patch, '-p', '{"spec":{"replicas":2}}'])).toBe('scale.autoscaling/web patched\n');
      expect(
        await kubectl.ok([
          'get',
          'deployment',
          'web',
          '--subresource=scale',
          '-o',
          'jsonpath={.kind} {.spec.replicas}',
        ]),
      ).toBe('Scale 2');
      await kubectl.ok(['wait', '--for=create', 'serviceaccount/default', kubectl.timeout]);
      await kubectl.ok(['create', '-f', '-'], unschedulable);
      const condition = '{"type":"example.test/done","status":"True"}';
      await kubectl.ok([
        'patch',
        'pod',
        'waiting',
        '--subresource=status',
        '-p',
        `{"spec":{"nodeName":"x"},"metadata":{"labels":{"a":"b"}},"status":{"conditions":[${condition}]}}`,
      ]);
      expect(await kubectl.ok(['wait', '--for=condition=example.test/done', 'pod/waiting', kubectl.timeout])).toBe(
        'pod/waiting condition met\n',
      );
      expect(await kubectl.value('pod waiting', '.spec.nodeName')).toBe('');
    },
    { holds: '>=1.24' },
  ),
  kubectlCase('label and annotate: set, refused without --overwrite, overwritten, removed', async (kubectl) => {
    await idle(kubectl);
    expect(await kubectl.ok(['label', 'deployment', 'web', 'tier=front'])).toBe('deployment.apps/web labeled\n');
    expect(await kubectl.refused(['label', 'deployment', 'web', 'tier=back'])).toBe(
      "error: 'tier' already has a value (front), and --overwrite is false\n",
    );
    expect(await kubectl.ok(['label', 'deployments', '--all', 'tier=back', '--overwrite'])).toBe(
      'deployment.apps/web labeled\n',
    );
    expect(await kubectl.ok(['label', 'deployment', 'web', 'tier=back'])).toBe('deployment.apps/web not labeled\n');
    expect(await kubectl.ok(['label', 'deployment', 'web', 'tier-'])).toBe('deployment.apps/web unlabeled\n');
    expect(await kubectl.refused(['label', 'deployment', 'web', 'tier=not valid'])).toContain('a valid label must be');
    expect(await kubectl.ok(['annotate', 'deployment', 'web', 'note=any text'])).toBe(
      'deployment.apps/web annotated\n',
    );
    expect(
      await kubectl.ok(['get', 'deployment', 'web', '-o', 'jsonpath={.metadata.labels} {.metadata.annotations.note}']),
    ).toBe('{"app":"web"} any text');
  }),
  kubectlCase('set image, env and resources change the template', async (kubectl) => {
    await idle(kubectl);
    expect(await kubectl.ok(['set', 'image', 'deployment/web', 'b=a/b:2'])).toBe('deployment.apps/web image updated\n');
    expect(await kubectl.ok(['set', 'env', 'deployment/web', 'MODE=fast'])).toBe('deployment.apps/web env updated\n');
    expect(await kubectl.ok(['set', 'resources', 'deployment/web', '--limits=cpu=200m,memory=1Gi'])).toBe(
      'deployment.apps/web resource requirements updated\n',
    );
    const container = JSON.parse(await kubectl.value('deployment web', '.spec.template.spec.containers[0]')) as object;
    expect(container).toMatchObject({
      image: 'a/b:2',
      env: [{ name: 'MODE', value: 'fast' }],
      resources: { limits: { cpu: '200m', memory: '1Gi' } },
    });
  }),
  kubectlCase('scale, only from the count that is expected', async (kubectl) => {
    await kubectl.deployment('web', 1);
    expect(await kubectl.ok(['scale', 'deployment/web', '--replicas=2', '--current-replicas=1', kubectl.timeout])).toBe(
      'deployment.apps/web scaled\n',
    );
    expect(await kubectl.refused(['scale', 'deployment/web', '--replicas=3', '--current-replicas=1'])).toBe(
      'error: Expected replicas to be 1, was 2\n',
    );
    expect(await kubectl.ok(['scale', 'deployment', '--all', '--replicas=0'])).toBe('deployment.apps/web scaled\n');
    await kubectl.ok(['wait', '--for=delete', 'pod', '-l', 'app=web', kubectl.timeout]);
    expect(await kubectl.refused(['scale', 'configmap/kube-root-ca.crt', '--replicas=1'])).toContain(
      'the server could not find the requested resource',
    );
  }),
];

const rollouts: readonly KubectlCase[] = [
  kubectlCase('rollout status waits, history counts, undo goes back', async (kubectl) => {
    await kubectl.deployment('web', 2);
    await kubectl.ok(['set', 'env', 'deployment/web', 'RELEASE=2']);
    expect((await kubectl.ok(['rollout', 'status', 'deployment/web', kubectl.timeout])).trim().split('\n').at(-1)).toBe(
      'deployment "web" successfully rolled out',
    );
    expect(masked(await kubectl.ok(['rollout', 'history', 'deployment/web']))).toBe(
      lines('deployment.apps/web', 'REVISION  CHANGE-CAUSE', '1  <none>', '2  <none>', ''),
    );
    expect(await kubectl.ok(['rollout', 'history', 'deployment/web', '--revision=2'])).toContain('RELEASE:\t2');
    expect(await kubectl.ok(['rollout', 'undo', 'deployment/web'])).toBe('deployment.apps/web rolled back\n');
    await kubectl.ok(['rollout', 'status', 'deployment/web', kubectl.timeout]);
    expect(await kubectl.value('deployment web', '.spec.template.spec.containers[0].env')).toBe('');
    expect(masked(await kubectl.ok(['rollout', 'history', 'deployment/web']))).toBe(
      lines('deployment.apps/web', 'REVISION  CHANGE-CAUSE', '2  <none>', '3  <none>', ''),
    );
    expect(await kubectl.ok(['rollout', 'undo', 'deployment/web', '--to-revision=2'])).toBe(
      'deployment.apps/web rolled back\n',
    );
    expect(await kubectl.value('deployment web', '.spec.template.spec.containers[0].env[0].value')).toBe('2');
    expect(await kubectl.refused(['rollout', 'undo', 'deployment/web', '--to-revision=9'])).toBe(
      'error: unable to find specified revision 9 in history\n',
    );
  }),
  kubectlCase('a paused Deployment holds still until it is resumed', async (kubectl) => {
    await kubectl.deployment('web');
    await kubectl.ok(['set', 'env', 'deployment/web', 'RELEASE=1']);
    await kubectl.ok(['rollout', 'status', 'deployment/web', kubectl.timeout]);
    expect(await kubectl.ok(['rollout', 'pause', 'deployment/web'])).toBe('deployment.apps/web paused\n');
    expect(await kubectl.refused(['rollout', 'pause', 'deployment/web'])).toBe(
      'error: deployments.apps "web" is already paused\n',
    );
    await kubectl.ok(['set', 'env', 'deployment/web', 'RELEASE=2']);
    await kubectl.ok(['wait', '--for=jsonpath={.status.observedGeneration}=4', 'deployment/web', kubectl.timeout]);
    expect((await kubectl.ok(['get', 'replicasets', '-o', 'name'])).trim().split('\n')).toHaveLength(2);
    expect(await kubectl.refused(['rollout', 'undo', 'deployment/web'])).toContain(
      'you cannot rollback a paused deployment; resume it first with',
    );
    expect(await kubectl.ok(['rollout', 'resume', 'deployment/web'])).toBe('deployment.apps/web resumed\n');
    await kubectl.ok(['rollout', 'status', 'deployment/web', kubectl.timeout]);
    expect(await kubectl.value('deployment web', '.status.updatedReplicas')).toBe('1');
  }),
  kubectlCase('rollout restart replaces the pods of a Deployment, a DaemonSet and a StatefulSet', async (kubectl) => {
    await kubectl.deployment('web');
    const before = await kubectl.value('pods -l app=web', '.items[0].metadata.uid');
    expect(await kubectl.ok(['rollout', 'restart', 'deployment/web'])).toBe('deployment.apps/web restarted\n');
    await kubectl.ok(['rollout', 'status', 'deployment/web', kubectl.timeout]);
    await kubectl.ok(['wait', '--for=delete', 'pod', '-l', 'app=web,gone', kubectl.timeout]);
    const after = await kubectl.value(
      'pods -l app=web --field-selector=status.phase=Running',
      '.items[*].metadata.uid',
    );
    expect(after.split(' ')).not.toContain(before);
    await kubectl.apply(sets(kubectl.subject.image));
    for (const target of ['daemonset/each', 'statefulset/named']) {
      await kubectl.ok(['rollout', 'status', target, kubectl.timeout]);
      await kubectl.ok(['rollout', 'restart', target]);
      await kubectl.ok(['rollout', 'status', target, kubectl.timeout]);
    }
    expect(masked(await kubectl.ok(['rollout', 'history', 'daemonset/each']))).toBe(
      lines('daemonset.apps/each', 'REVISION  CHANGE-CAUSE', '1  <none>', '2  <none>', ''),
    );
    await kubectl.ok(['rollout', 'undo', 'statefulset/named']);
    await kubectl.ok(['rollout', 'status', 'statefulset/named', kubectl.timeout]);
  }),
  kubectlCase('a rollout that gets nowhere is not called done', async (kubectl) => {
    await kubectl.apply(
      '{apiVersion: apps/v1, kind: Deployment, metadata: {name: stuck}, spec: {selector: {matchLabels: {app: stuck}}, template: {metadata: {labels: {app: stuck}}, spec: {nodeSelector: {no/such: label}, containers: [{name: c, image: "a/b:1"}]}}}}',
    );
    const { exitCode, stdout, stderr } = await kubectl.run(['rollout', 'status', 'deployment/stuck', '--timeout=1s']);
    expect(exitCode).toBe(1);
    expect(stdout).toContain(
      'Waiting for deployment "stuck" rollout to finish: 0 of 1 updated replicas are available...',
    );
    expect(stderr).toBe('error: timed out waiting for the condition\n');
    expect(await kubectl.value('pods -l app=stuck', '.items[0].status.conditions[0].reason')).toBe('Unschedulable');
  }),
];

function sets(image: string): string {
  const template = (app: string): string =>
    `selector: {matchLabels: {app: ${app}}}, template: {metadata: {labels: {app: ${app}}}, spec: {terminationGracePeriodSeconds: 1, containers: [{name: c, image: "${image}"}]}}`;
  return [
    `{apiVersion: apps/v1, kind: DaemonSet, metadata: {name: each}, spec: {${template('each')}}}`,
    `{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: named}, spec: {serviceName: named, replicas: 1, ${template('named')}}}`,
  ].join('\n---\n');
}

/** `kubectl patch`, `label`, `annotate`, `set`, `scale`, `rollout`. */
export const changeContract: Contract<KubectlSubject> = { port: 'kubectl change', cases: [...changes, ...rollouts] };
