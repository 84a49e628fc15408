import { expect } from 'vitest';
import type { Contract } from '../../../contract-case.ts';
import { type CaseKubectl, type KubectlCase, kubectlCase } from '../kubectl-case.ts';
import type { KubectlSubject } from '../kubectl-subject.ts';
import { lines, masked } from '../masked.ts';

/** A worker, which is schedulable again when the case is over. */
async function worker(kubectl: CaseKubectl): Promise<string> {
  const names = await kubectl.value('nodes -l !node-role.kubernetes.io/control-plane', '.items[*].metadata.name');
  const node = names.split(' ')[0] ?? '';
  expect(node).not.toBe('');
  kubectl.defer(() => kubectl.run(['uncordon', node]));
  return node;
}

/** A worker with a pod of a Deployment `web`, and the names of those there. A drain sees only pods of that label; `extra` goes into their spec. */
async function workerWithPods(
  kubectl: CaseKubectl,
  replicas: number,
  extra = '',
): Promise<{ node: string; pods: readonly string[] }> {
  await kubectl.apply(
    `{apiVersion: apps/v1, kind: Deployment, metadata: {name: web}, spec: {replicas: ${replicas}, selector: {matchLabels: {app: web}}, template: {metadata: {labels: {app: web}}, spec: {terminationGracePeriodSeconds: 1, containers: [{name: c, image: "${kubectl.subject.image}"}]${extra}}}}}`,
  );
  await kubectl.ok(['rollout', 'status', 'deployment/web', kubectl.timeout]);
  const node = await kubectl.value('pods -l app=web', '.items[0].spec.nodeName');
  kubectl.defer(() => kubectl.run(['uncordon', node]));
  const names = await kubectl.value(
    `pods -l app=web --field-selector=spec.nodeName=${node}`,
    '.items[*].metadata.name',
  );
  return { node, pods: names.split(' ') };
}

const drainOf = (kubectl: CaseKubectl, node: string): string[] => [
  'drain',
  node,
  '--pod-selector=app=web',
  kubectl.timeout,
];

const marks: readonly KubectlCase[] = [
  kubectlCase('cordon and uncordon, said twice, and what the node then is', async (kubectl) => {
    const node = await worker(kubectl);
    expect(await kubectl.ok(['cordon', node])).toBe(`node/${node} cordoned\n`);
    expect(await kubectl.ok(['cordon', node])).toBe(`node/${node} already cordoned\n`);
    expect(await kubectl.ok(['get', 'node', node, '--no-headers'])).toContain('Ready,SchedulingDisabled');
    await kubectl.ok([
      'wait',
      '--for=jsonpath={.spec.taints[*].key}=node.kubernetes.io/unschedulable',
      `node/${node}`,
      kubectl.timeout,
    ]);
    expect(await kubectl.ok(['describe', 'node', node])).toMatch(
      /Taints: +node.kubernetes.io\/unschedulable:NoSchedule\nUnschedulable: +true/u,
    );
    expect(await kubectl.ok(['uncordon', node])).toBe(`node/${node} uncordoned\n`);
    expect(await kubectl.ok(['uncordon', node])).toBe(`node/${node} already uncordoned\n`);
    expect(await kubectl.value(`node ${node}`, '.spec.unschedulable')).toBe('');
    expect(await kubectl.refused(['cordon', 'nobody'])).toContain('nodes "nobody" not found');
  }),
  kubectlCase(
    'taint: set, refused twice, overwritten, removed; a pod without the toleration waits',
    async (kubectl) => {
      const node = await worker(kubectl);
      kubectl.defer(() => kubectl.run(['taint', 'node', node, 'kubectl-case-']));
      expect(await kubectl.ok(['taint', 'node', node, 'kubectl-case=a:NoSchedule'])).toBe(`node/${node} tainted\n`);
      expect(await kubectl.refused(['taint', 'node', node, 'kubectl-case=b:NoSchedule'])).toBe(
        `error: node ${node} already has kubectl-case taint(s) with same effect(s) and --overwrite is false\n`,
      );
      expect(await kubectl.ok(['taint', 'node', node, 'kubectl-case=b:NoSchedule', '--overwrite'])).toBe(
        `node/${node} modified\n`,
      );
      await kubectl.ok(['wait', '--for=create', 'serviceaccount/default', kubectl.timeout]);
      await kubectl.ok(
        ['create', '-f', '-'],
        `{apiVersion: v1, kind: Pod, metadata: {name: picky}, spec: {nodeSelector: {kubernetes.io/hostname: ${node}}, containers: [{name: c, image: "a/b:1"}]}}`,
      );
      await kubectl.ok(['wait', '--for=condition=PodScheduled=False', 'pod/picky', kubectl.timeout]);
      expect(await kubectl.value('pod picky', '.status.conditions[0].message')).toContain('had untolerated taint');
      expect(await kubectl.ok(['taint', 'node', node, 'kubectl-case:NoSchedule-'])).toBe(`node/${node} untainted\n`);
      await kubectl.ok(['wait', '--for=condition=PodScheduled', 'pod/picky', kubectl.timeout]);
      expect(await kubectl.refused(['taint', 'node', node, 'kubectl-case-'])).toBe(
        'error: taint "kubectl-case" not found\n',
      );
    },
  ),
];

const drains: readonly KubectlCase[] = [
  kubectlCase('drain evicts, and the pods come back elsewhere', async (kubectl) => {
    const { node, pods } = await workerWithPods(kubectl, 2);
    const said = (await kubectl.ok(drainOf(kubectl, node))).trim().split('\n');
    expect(said[0]).toBe(`node/${node} cordoned`);
    expect(said.filter((line) => line.endsWith(' evicted')).map((line) => line.split(/[/ ]/u)[1])).toEqual(
      expect.arrayContaining([...pods]),
    );
    expect(said.at(-1)).toBe(`node/${node} drained`);
    await kubectl.ok(['rollout', 'status', 'deployment/web', kubectl.timeout]);
    expect(await kubectl.value('pods -l app=web', '.items[*].spec.nodeName')).not.toContain(node);
  }),
  kubectlCase('drain leaves the pods of DaemonSets, once told so', async (kubectl) => {
    const node = await worker(kubectl);
    await kubectl.apply(
      `{apiVersion: apps/v1, kind: DaemonSet, metadata: {name: each}, spec: {selector: {matchLabels: {app: web}}, template: {metadata: {labels: {app: web}}, spec: {containers: [{name: c, image: "${kubectl.subject.image}"}]}}}}`,
    );
    await kubectl.ok(['rollout', 'status', 'daemonset/each', kubectl.timeout]);
    const pod = await kubectl.value(
      `pods -l app=web --field-selector=spec.nodeName=${node}`,
      '.items[0].metadata.name',
    );
    const why = `cannot delete DaemonSet-managed Pods (use --ignore-daemonsets to ignore): ${kubectl.namespace}/${pod}`;
    expect(await kubectl.refused(drainOf(kubectl, node))).toBe(
      lines(
        `error: unable to drain node "${node}" due to error: ${why}, continuing command...`,
        'There are pending nodes to be drained:',
        ` ${node}`,
        why,
      ),
    );
    const { exitCode, stdout, stderr } = await kubectl.run([...drainOf(kubectl, node), '--ignore-daemonsets']);
    expect({ exitCode, stdout, stderr }).toEqual({
      exitCode: 0,
      stdout: lines(`node/${node} already cordoned`, `node/${node} drained`),
      stderr: `Warning: ignoring DaemonSet-managed Pods: ${kubectl.namespace}/${pod}\n`,
    });
    expect(await kubectl.value(`pod ${pod}`, '.status.phase')).toBe('Running');
  }),
  kubectlCase('drain refuses a pod without controller and one with local data, unless told to', async (kubectl) => {
    const { node, pods } = await workerWithPods(kubectl, 1, ', volumes: [{name: scratch, emptyDir: {}}]');
    const [pod] = pods;
    const local = `cannot delete Pods with local storage (use --delete-emptydir-data to override): ${kubectl.namespace}/${pod}`;
    expect(await kubectl.refused(drainOf(kubectl, node))).toContain(local);
    await kubectl.ok([...drainOf(kubectl, node), '--delete-emptydir-data']);
    await kubectl.ok(['uncordon', node]);
    await kubectl.ok(
      ['create', '-f', '-'],
      `{apiVersion: v1, kind: Pod, metadata: {name: alone, labels: {app: web}}, spec: {nodeName: ${node}, terminationGracePeriodSeconds: 1, containers: [{name: c, image: "${kubectl.subject.image}"}]}}`,
    );
    await kubectl.ok(['wait', '--for=condition=Ready', 'pod/alone', kubectl.timeout]);
    expect(await kubectl.refused(drainOf(kubectl, node))).toContain(
      `cannot delete Pods that declare no controller (use --force to override): ${kubectl.namespace}/alone`,
    );
    await kubectl.ok([...drainOf(kubectl, node), '--force', '--delete-emptydir-data']);
    expect(await kubectl.ok(['get', 'pod', 'alone', '--ignore-not-found'])).toBe('');
  }),
  kubectlCase(
    'a disruption budget stops a drain until its time is over, and lets it go on when there is room',
    async (kubectl) => {
      const { node, pods } = await workerWithPods(kubectl, 1);
      const [pod] = pods;
      await kubectl.ok(['create', 'poddisruptionbudget', 'keep', '--selector=app=web', '--min-available=1']);
      await kubectl.ok([
        'wait',
        '--for=jsonpath={.status.currentHealthy}=1',
        'poddisruptionbudget/keep',
        kubectl.timeout,
      ]);
      const drain = ['drain', node, '--pod-selector=app=web'];
      const { exitCode, stderr } = await kubectl.run([...drain, '--timeout=2s']);
      expect(exitCode).toBe(1);
      expect(stderr).toContain(
        `error when evicting pods/"${pod}" -n "${kubectl.namespace}" (will retry after 5s): Cannot evict pod as it would violate the pod's disruption budget.`,
      );
      expect(stderr).toContain('global timeout reached: 2s');
      expect(await kubectl.value(`pod ${pod}`, '.status.phase')).toBe('Running');
      await kubectl.ok(['scale', 'deployment/web', '--replicas=2']);
      await kubectl.ok([
        'wait',
        '--for=jsonpath={.status.disruptionsAllowed}=1',
        'poddisruptionbudget/keep',
        kubectl.timeout,
      ]);
      expect(masked(await kubectl.ok([...drain, kubectl.timeout]))).toContain(`pod/${pod} evicted`);
    },
    { holds: '>=1.21' },
  ),
  kubectlCase('drain --dry-run=server evicts nothing', async (kubectl) => {
    const { node, pods } = await workerWithPods(kubectl, 1);
    const [pod] = pods;
    expect(await kubectl.ok([...drainOf(kubectl, node), '--dry-run=server'])).toContain(
      `evicting pod ${kubectl.namespace}/${pod} (server dry run)`,
    );
    expect(await kubectl.value(`pod ${pod}`, '.metadata.deletionTimestamp')).toBe('');
    expect(await kubectl.value(`node ${node}`, '.spec.unschedulable')).toBe('');
  }),
];

/** `kubectl cordon`, `taint`, `drain`. These cases follow one another: they share the nodes. */
export const nodeContract: Contract<KubectlSubject> = { port: 'kubectl nodes', cases: [...marks, ...drains] };
