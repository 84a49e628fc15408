import { expect } from 'vitest';
import type { Contract } from '../../../contract-case.ts';
import { type KubectlCase, kubectlCase } from '../kubectl-case.ts';
import type { KubectlSubject } from '../kubectl-subject.ts';
import { lines } from '../masked.ts';

const deletions: readonly KubectlCase[] = [
  kubectlCase('delete returns when the object is gone, and what it owned goes after it', async (kubectl) => {
    await kubectl.deployment('web', 2);
    expect(await kubectl.ok(['delete', 'deployment', 'web'])).toBe(
      `deployment.apps "web" deleted from ${kubectl.namespace} namespace\n`,
    );
    expect(await kubectl.ok(['get', 'deployment', 'web', '--ignore-not-found'])).toBe('');
    await kubectl.ok(['wait', '--for=delete', 'pod', '-l', 'app=web', kubectl.timeout]);
    expect(await kubectl.ok(['get', 'replicasets,pods', '-o', 'name'])).toBe('');
  }),
  kubectlCase('--cascade=orphan leaves what was owned, without its owner', async (kubectl) => {
    await kubectl.deployment('web');
    await kubectl.ok(['delete', 'deployment', 'web', '--cascade=orphan']);
    expect(await kubectl.value('replicasets -l app=web', '.items[*].metadata.ownerReferences')).toBe('');
    expect(await kubectl.value('pods -l app=web', '.items[*].status.phase')).toBe('Running');
    expect(await kubectl.ok(['create', 'deployment', 'web', `--image=${kubectl.subject.image}`])).toBe(
      'deployment.apps/web created\n',
    );
    await kubectl.ok(['rollout', 'status', 'deployment/web', kubectl.timeout]);
    expect((await kubectl.ok(['get', 'replicasets', '-o', 'name'])).trim().split('\n')).toHaveLength(1);
  }),
  kubectlCase('--cascade=foreground takes what is owned first', async (kubectl) => {
    await kubectl.deployment('web');
    await kubectl.ok(['delete', 'deployment', 'web', '--cascade=foreground', kubectl.timeout]);
    expect(await kubectl.ok(['get', 'deployments,replicasets,pods', '-o', 'name'])).toBe('');
  }),
  kubectlCase('a finalizer keeps the object until it is taken off', async (kubectl) => {
    await kubectl.apply('{apiVersion: v1, kind: ConfigMap, metadata: {name: held, finalizers: [example.test/hold]}}');
    const { exitCode, stdout, stderr } = await kubectl.run(['delete', 'configmap', 'held', '--timeout=1s']);
    expect([exitCode, stdout]).toEqual([1, `configmap "held" deleted from ${kubectl.namespace} namespace\n`]);
    expect(stderr).toContain('error: timed out waiting for the condition on configmaps/held\n');
    expect(await kubectl.value('configmap held', '.metadata.deletionTimestamp')).not.toBe('');
    await kubectl.ok(['patch', 'configmap', 'held', '--type=merge', '-p', '{"metadata":{"finalizers":null}}']);
    expect(await kubectl.ok(['get', 'configmap', 'held', '--ignore-not-found'])).toBe('');
  }),
  kubectlCase('delete by label, by file, of all, and of what is not there', async (kubectl) => {
    const map = (name: string): string =>
      `{apiVersion: v1, kind: ConfigMap, metadata: {name: ${name}, labels: {for: deletion}}}`;
    const said = (...names: string[]): string =>
      lines(...names.map((name) => `configmap "${name}" deleted from ${kubectl.namespace} namespace`));
    await kubectl.apply(['a', 'b', 'c', 'd'].map(map).join('\n---\n'));
    expect(await kubectl.ok(['delete', '-f', '-'], map('a'))).toBe(said('a'));
    expect(await kubectl.ok(['delete', 'configmap', 'b', '--dry-run=server'])).toContain('configmap "b" deleted');
    expect(await kubectl.ok(['delete', 'configmap/b', 'configmap/c'])).toBe(said('b', 'c'));
    expect(await kubectl.ok(['delete', 'configmaps', '-l', 'for=deletion'])).toBe(said('d'));
    expect(await kubectl.ok(['delete', 'configmaps', '-l', 'for=deletion'])).toBe('No resources found\n');
    expect(await kubectl.refused(['delete', 'configmap', 'd'])).toBe(
      'Error from server (NotFound): configmaps "d" not found\n',
    );
    expect(await kubectl.ok(['delete', 'configmap', 'd', '--ignore-not-found'])).toBe('');
  }),
  kubectlCase('a pod goes by its grace, at once when forced', async (kubectl) => {
    await kubectl.ok(['wait', '--for=create', 'serviceaccount/default', kubectl.timeout]);
    await kubectl.ok(['run', 'one', `--image=${kubectl.subject.image}`]);
    await kubectl.ok(['wait', '--for=condition=Ready', 'pod/one', kubectl.timeout]);
    const forced = await kubectl.run(['delete', 'pod', 'one', '--grace-period=0', '--force']);
    expect(forced).toEqual({
      exitCode: 0,
      stdout: `pod "one" force deleted from ${kubectl.namespace} namespace\n`,
      stderr:
        'Warning: Immediate deletion does not wait for confirmation that the running resource has been terminated. The resource may continue to run on the cluster indefinitely.\n',
    });
    await kubectl.ok(['run', 'two', `--image=${kubectl.subject.image}`]);
    await kubectl.ok(['wait', '--for=condition=Ready', 'pod/two', kubectl.timeout]);
    await kubectl.ok(['delete', 'pod', 'two', '--now']);
    expect(await kubectl.ok(['get', 'pods', '-o', 'name'])).toBe('');
  }),
  kubectlCase('a namespace goes with all that is in it', async (kubectl) => {
    const name = kubectl.name('gone');
    await kubectl.ok(['create', 'namespace', name]);
    await kubectl.ok(['create', 'deployment', 'web', `--image=${kubectl.subject.image}`, '-n', name]);
    expect(await kubectl.ok(['delete', 'namespace', name, kubectl.timeout])).toBe(`namespace "${name}" deleted\n`);
    expect(await kubectl.refused(['get', 'namespace', name])).toBe(
      `Error from server (NotFound): namespaces "${name}" not found\n`,
    );
    expect(await kubectl.ok(['get', 'pods', '-n', name, '-o', 'name'])).toBe('');
  }),
];

const waits: readonly KubectlCase[] = [
  kubectlCase('wait for a condition, a value, creation and deletion', async (kubectl) => {
    await kubectl.deployment('web');
    const wait = (what: string, target: string): Promise<string> =>
      kubectl.ok(['wait', `--for=${what}`, target, kubectl.timeout]);
    const met = 'deployment.apps/web condition met\n';
    expect(await wait('condition=Available', 'deployment/web')).toBe(met);
    expect(await wait('condition=available=true', 'deployment/web')).toBe(met);
    expect(await wait('jsonpath={.status.readyReplicas}=1', 'deployment/web')).toBe(met);
    expect(await wait('jsonpath={.status.readyReplicas}', 'deployment/web')).toBe(met);
    const created = kubectl.start(['wait', '--for=create', 'configmap/late', kubectl.timeout]);
    await kubectl.ok(['create', 'configmap', 'late']);
    await created.until((printed) => printed === 'configmap/late condition met\n');
    const deleted = kubectl.start(['wait', '--for=delete', 'configmap/late', kubectl.timeout]);
    await kubectl.ok(['delete', 'configmap', 'late']);
    await deleted.until(
      (printed) => printed.includes('condition met') || printed.includes('not found') || printed === '',
    );
  }),
  kubectlCase('wait ends with 1 when the time is over, or nothing is there to wait for', async (kubectl) => {
    await kubectl.ok(['create', 'deployment', 'web', '--image=a/b:1', '--replicas=0']);
    const [late, nothing, nobody, created] = await Promise.all([
      kubectl.refused(['wait', '--for=condition=Broken', 'deployment/web', '--timeout=1s']),
      kubectl.refused(['wait', '--for=condition=Ready', 'pod', '--all', '--timeout=1s']),
      kubectl.refused(['wait', '--for=condition=Ready', 'pod/nobody', '--timeout=1s']),
      kubectl.refused(['wait', '--for=create', 'configmap/never', '--timeout=1s']),
    ]);
    expect(late).toBe('error: timed out waiting for the condition on deployments/web\n');
    expect(nothing).toBe('error: no matching resources found\n');
    expect(nobody).toBe('Error from server (NotFound): pods "nobody" not found\n');
    expect(created).toBe('error: timed out waiting for the condition\n');
  }),
];

/** `kubectl delete` and `wait`. */
export const deleteAndWaitContract: Contract<KubectlSubject> = {
  port: 'kubectl delete and wait',
  cases: [...deletions, ...waits],
};
