import { expect } from 'vitest';
import type { Contract } from '../../../contract-case.ts';
import { type CaseKubectl, type KubectlCase, kubectlCase } from '../kubectl-case.ts';
import type { KubectlSubject } from '../kubectl-subject.ts';
import { lines, masked, podsOf } from '../masked.ts';

/** A Deployment with a port, a volume and a Service, ready. */
async function site(kubectl: CaseKubectl): Promise<void> {
  await kubectl.apply(`apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {app: web}, annotations: {note: hello}}
spec:
  replicas: 1
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: web
        image: "${kubectl.subject.image}"
        ports: [{name: http, containerPort: 80}]
        env: [{name: MODE, value: fast}]
        resources: {requests: {memory: 16Mi}}
        volumeMounts: [{name: scratch, mountPath: /scratch}]
      volumes: [{name: scratch, emptyDir: {}}]
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{name: http, port: 80, targetPort: http}]}
`);
  await kubectl.ok(['rollout', 'status', 'deployment/web', kubectl.timeout]);
}

function described(kubectl: CaseKubectl, text: string): string {
  return masked(text, {
    'web-POD': podsOf('web'),
    'web-SET': /web-[a-z0-9]{8,10}/u,
    IMAGE: kubectl.subject.image,
    NAMESPACE: kubectl.namespace,
  });
}

const workloads: readonly KubectlCase[] = [
  kubectlCase(
    'a Deployment, its Service and its ReplicaSet',
    async (kubectl) => {
      await site(kubectl);
      expect(described(kubectl, await kubectl.ok(['describe', 'deployment', 'web']))).toBe(
        lines(
          'Name:  web',
          'Namespace:  NAMESPACE',
          'CreationTimestamp:  TIME',
          'Labels:  app=web',
          'Annotations:  deployment.kubernetes.io/revision: 1',
          '  note: hello',
          'Selector:  app=web',
          'Replicas:  1 desired | 1 updated | 1 total | 1 available | 0 unavailable',
          'StrategyType:  RollingUpdate',
          'MinReadySeconds:  0',
          'RollingUpdateStrategy:  25% max unavailable, 25% max surge',
          'Pod Template:',
          '  Labels:  app=web',
          '  Containers:',
          '  web:',
          '  Image:  IMAGE',
          '  Port:  80/TCP (http)',
          '  Host Port:  0/TCP (http)',
          '  Requests:',
          '  memory:  16Mi',
          '  Environment:',
          '  MODE:  fast',
          '  Mounts:',
          '  /scratch from scratch (rw)',
          '  Volumes:',
          '  scratch:',
          "  Type:  EmptyDir (a temporary directory that shares a pod's lifetime)",
          '  Medium:',
          '  SizeLimit:  <unset>',
          '  Node-Selectors:  <none>',
          '  Tolerations:  <none>',
          'Conditions:',
          '  Type  Status  Reason',
          '  ----  ------  ------',
          '  Available  True  MinimumReplicasAvailable',
          '  Progressing  True  NewReplicaSetAvailable',
          'OldReplicaSets:  <none>',
          'NewReplicaSet:  web-SET (1/1 replicas created)',
          'Events:',
          '  Type  Reason  Age  From  Message',
          '  ----  ------  ----  ----  -------',
          '  Normal  ScalingReplicaSet  AGE  deployment-controller  Scaled up replica set web-SET from 0 to 1',
        ),
      );
      const service = described(kubectl, await kubectl.ok(['describe', 'service', 'web']));
      expect(service.split('\n')).toEqual(
        expect.arrayContaining([
          'Selector:  app=web',
          'Type:  ClusterIP',
          'IP Families:  IPv4',
          'Port:  http  80/TCP',
          'TargetPort:  http/TCP',
          'Endpoints:  IP:80',
          'Session Affinity:  None',
          'Events:  <none>',
        ]),
      );
      const set = described(kubectl, await kubectl.ok(['describe', 'replicaset', '-l', 'app=web']));
      expect(set).toContain('Controlled By:  Deployment/web\nReplicas:  1 current / 1 desired\n');
      expect(set).toContain('Pods Status:  1 Running / 0 Waiting / 0 Succeeded / 0 Failed');
    },
    { holds: '>=1.30' },
  ),
  kubectlCase('a pod: what it is, where, its containers, volumes and events in order', async (kubectl) => {
    await site(kubectl);
    const pod = described(kubectl, await kubectl.ok(['describe', 'pod', '-l', 'app=web']));
    for (const line of [
      'Name:  web-POD',
      'Service Account:  default',
      'Status:  Running',
      'Controlled By:  ReplicaSet/web-SET',
      '  Port:  80/TCP (http)',
      '  State:  Running',
      '  Ready:  True',
      '  Restart Count:  0',
      '  Ready  True',
      'QoS Class:  Burstable',
      'Node-Selectors:  <none>',
      'Tolerations:  node.kubernetes.io/not-ready:NoExecute op=Exists for AGE',
    ]) {
      expect(pod.split('\n')).toContain(line);
    }
    expect(pod).toMatch(/Node: {2}\S+\/IP\n/u);
    const reasons = [...pod.slice(pod.indexOf('Events:')).matchAll(/^ {2}Normal {2}(\w+)/gmu)].map(
      ([, reason]) => reason,
    );
    // A node pulls only what it does not have yet.
    expect(reasons.filter((reason) => reason !== 'Pulling')).toEqual(['Scheduled', 'Pulled', 'Created', 'Started']);
  }),
  kubectlCase(
    'a Job and a CronJob',
    async (kubectl) => {
      await kubectl.ok(['create', 'job', 'once', `--image=${kubectl.subject.endingImage}`]);
      await kubectl.ok(['wait', '--for=condition=Complete', 'job/once', kubectl.timeout]);
      const job = masked(await kubectl.ok(['describe', 'job', 'once']));
      expect(job).toContain('Completions:  1\nCompletion Mode:  NonIndexed\nSuspend:  false\nBackoff Limit:  6\n');
      expect(job).toContain('Pods Statuses:  0 Active (0 Ready) / 1 Succeeded / 0 Failed\n');
      expect(job).toMatch(/Normal {2}Completed {2}AGE {2}job-controller {2}Job completed\n/u);
      await kubectl.ok(['create', 'cronjob', 'tick', '--image=a/b:1', '--schedule=0 0 1 1 *']);
      expect(masked(await kubectl.ok(['describe', 'cronjob', 'tick']))).toContain(
        'Schedule:  0 0 1 1 *\nConcurrency Policy:  Allow\nSuspend:  False\nSuccessful Job History Limit:  3\nFailed Job History Limit:  1\n',
      );
    },
    { needsEndingImage: true, holds: '>=1.27' },
  ),
];

const others: readonly KubectlCase[] = [
  kubectlCase('a node: labels, taints, conditions, capacity, what runs there', async (kubectl) => {
    const name = await kubectl.value('nodes', '.items[0].metadata.name');
    const node = masked(await kubectl.ok(['describe', 'node', name]));
    const headings = node.split('\n').flatMap((line) => /^([A-Z][\w -]*):/u.exec(line)?.[1] ?? []);
    expect(headings).toEqual(
      expect.arrayContaining([
        'Name',
        'Roles',
        'Labels',
        'Annotations',
        'CreationTimestamp',
        'Taints',
        'Unschedulable',
        'Lease',
        'Conditions',
        'Addresses',
        'Capacity',
        'Allocatable',
        'System Info',
        'PodCIDR',
        'Non-terminated Pods',
        'Allocated resources',
        'Events',
      ]),
    );
    expect(node).toMatch(/HolderIdentity: {2}\S+\n {2}AcquireTime: {2}\S+\n {2}RenewTime: {2}TIME/u);
    for (const condition of ['MemoryPressure  False', 'DiskPressure  False', 'PIDPressure  False', 'Ready  True']) {
      expect(node).toContain(`  ${condition}  TIME  TIME  Kubelet`);
    }
    expect(node).toMatch(/ {2}cpu {2}(AGE|\d+) \(\d+%\) {2}(AGE|\d+) \(\d+%\)/u);
  }),
  kubectlCase('a claim that waits, with the reason', async (kubectl) => {
    await kubectl.apply(
      '{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: data}, spec: {accessModes: [ReadWriteOnce], storageClassName: "", resources: {requests: {storage: 1Gi}}}}',
    );
    await kubectl.ok(['wait', '--for=jsonpath={.status.phase}=Pending', 'pvc/data', kubectl.timeout]);
    const event = kubectl.start(['events', '--for=pvc/data', '--watch']);
    await event.until((printed) => printed.includes('FailedBinding'));
    const claim = described(kubectl, await kubectl.ok(['describe', 'pvc', 'data']));
    expect(claim.slice(0, claim.indexOf('Events:'))).toBe(
      lines(
        'Name:  data',
        'Namespace:  NAMESPACE',
        'StorageClass:',
        'Status:  Pending',
        'Volume:',
        'Labels:  <none>',
        'Annotations:  <none>',
        'Finalizers:  [kubernetes.io/pvc-protection]',
        'Capacity:',
        'Access Modes:',
        'VolumeMode:  Filesystem',
        'Used By:  <none>',
      ),
    );
    expect(claim).toContain('no persistent volumes available for this claim and no storage class is set');
  }),
  kubectlCase('a namespace, a ConfigMap and a Secret, whose values stay hidden', async (kubectl) => {
    await kubectl.ok(['create', 'configmap', 'settings', '--from-literal=a=b']);
    await kubectl.ok(['create', 'secret', 'generic', 'login', '--from-literal=password=hush']);
    const [namespace, settings, login] = await Promise.all(
      [`namespace ${kubectl.namespace}`, 'configmap settings', 'secret login'].map(async (target) =>
        described(kubectl, await kubectl.ok(['describe', ...target.split(' ')])),
      ),
    );
    expect(namespace).toBe(
      lines(
        'Name:  NAMESPACE',
        'Labels:  kubernetes.io/metadata.name=NAMESPACE',
        'Annotations:  <none>',
        'Status:  Active',
        '',
        'No resource quota.',
        '',
        'No LimitRange resource.',
      ),
    );
    expect(settings).toContain('Data\n====\na:\n----\nb\n\n');
    expect(login).toContain('Type:  Opaque\n\nData\n====\npassword:  4 bytes\n');
    expect(login).not.toContain('hush');
  }),
  kubectlCase('a quota shows what is used', async (kubectl) => {
    await kubectl.ok(['create', 'quota', 'small', '--hard=pods=3,services=1']);
    await kubectl.ok(['create', 'service', 'clusterip', 'web', '--tcp=80:80']);
    await kubectl.ok(['wait', '--for=jsonpath={.status.used.services}=1', 'resourcequota/small', kubectl.timeout]);
    expect(masked(await kubectl.ok(['describe', 'quota', 'small']))).toContain('pods  0  3\nservices  1  1\n');
    expect(await kubectl.refused(['create', 'service', 'clusterip', 'more', '--tcp=80:80'])).toContain(
      'exceeded quota: small',
    );
  }),
];

/** `kubectl describe`. */
export const describeContract: Contract<KubectlSubject> = {
  port: 'kubectl describe',
  cases: [...workloads, ...others],
};
