import { expect } from 'vitest';
import type { Contract } from '../../../contract-case.ts';
import { type CaseKubectl, type KubectlCase, kubectlCase } from '../kubectl-case.ts';
import type { KubectlSubject } from '../kubectl-subject.ts';

/** A creation by flags: kubectl sends it as protobuf. `value` is what the server then has at `path`. */
interface Creation {
  readonly args: string;
  readonly says: string;
  readonly target: string;
  readonly path: string;
  readonly value: string;
}

const creations: readonly Creation[] = [
  {
    args: 'configmap settings --from-literal=a=b --from-literal=text=é',
    says: 'configmap/settings created',
    target: 'configmap settings',
    path: '.data',
    value: '{"a":"b","text":"é"}',
  },
  {
    args: 'secret generic login --from-literal=password=x',
    says: 'secret/login created',
    target: 'secret login',
    path: "['type','data']",
    value: 'Opaque {"password":"eA=="}',
  },
  {
    args: 'deployment web --image=a/b:1 --image=c/d:2 --replicas=0 --port=80',
    says: 'deployment.apps/web created',
    target: 'deployment web',
    path: "['.spec.replicas','.spec.template.spec.containers[*].image','.spec.template.spec.containers[0].ports[0].containerPort']",
    value: '0 a/b:1 c/d:2 80',
  },
  {
    args: 'job once --image=a/b:1 -- echo hello world',
    says: 'job.batch/once created',
    target: 'job once',
    path: '.spec.template.spec.containers[0].command',
    value: '["echo","hello","world"]',
  },
  {
    args: 'cronjob tick --image=a/b:1 --schedule=5_4_*_*_0 --restart=Never',
    says: 'cronjob.batch/tick created',
    target: 'cronjob tick',
    path: "['.spec.schedule','.spec.jobTemplate.spec.template.spec.restartPolicy']",
    value: '5 4 * * 0 Never',
  },
  {
    args: 'service nodeport web --tcp=80:http',
    says: 'service/web created',
    target: 'service web',
    path: "['.spec.type','.spec.ports[0].port','.spec.ports[0].targetPort','.spec.selector.app']",
    value: 'NodePort 80 http web',
  },
  {
    args: 'serviceaccount bot',
    says: 'serviceaccount/bot created',
    target: 'serviceaccount bot',
    path: '.metadata.name',
    value: 'bot',
  },
  {
    args: 'role reader --verb=get,list --resource=pods,deployments.apps --resource-name=web',
    says: 'role.rbac.authorization.k8s.io/reader created',
    target: 'role reader',
    path: '.rules',
    value:
      '[{"apiGroups":[""],"resourceNames":["web"],"resources":["pods"],"verbs":["get","list"]},{"apiGroups":["apps"],"resourceNames":["web"],"resources":["deployments"],"verbs":["get","list"]}]',
  },
  {
    args: 'rolebinding reads --role=reader --user=eve --group=staff',
    says: 'rolebinding.rbac.authorization.k8s.io/reads created',
    target: 'rolebinding reads',
    path: "['.roleRef.name','.subjects[*].kind','.subjects[*].name']",
    value: 'reader User Group eve staff',
  },
  {
    args: 'quota small --hard=pods=3,requests.cpu=500m',
    says: 'resourcequota/small created',
    target: 'resourcequota small',
    path: '.spec.hard',
    value: '{"pods":"3","requests.cpu":"500m"}',
  },
  {
    args: 'poddisruptionbudget keep --selector=app=web --min-available=50%',
    says: 'poddisruptionbudget.policy/keep created',
    target: 'poddisruptionbudget keep',
    path: "['.spec.minAvailable','.spec.selector.matchLabels.app']",
    value: '50% web',
  },
  {
    args: 'ingress site --rule=example.test/path*=web:80 --class=own',
    says: 'ingress.networking.k8s.io/site created',
    target: 'ingress site',
    path: "['.spec.ingressClassName','.spec.rules[0].http.paths[0].pathType','.spec.rules[0].http.paths[0].backend.service.port.number']",
    value: 'own Prefix 80',
  },
];

async function createAndRead(kubectl: CaseKubectl, creation: Creation): Promise<string[]> {
  const args = creation.args.split(' ').map((word) => word.replaceAll('_', ' '));
  const said = await kubectl.ok(['create', ...args]);
  const read = creation.path.startsWith('[')
    ? [...creation.path.matchAll(/'([^']+)'/gu)]
        .map(([, path = '']) => `{${path.startsWith('.') ? path : `.${path}`}}`)
        .join(' ')
    : `{${creation.path}}`;
  return [said, await kubectl.ok(['get', ...creation.target.split(' '), '-o', `jsonpath=${read}`])];
}

const byFlags: readonly KubectlCase[] = [
  kubectlCase(
    'create by flags, which travels as protobuf',
    async (kubectl) => {
      const results = await Promise.all(creations.map((creation) => createAndRead(kubectl, creation)));
      expect(results).toEqual(creations.map(({ says, value }) => [`${says}\n`, value]));
    },
    { holds: '>=1.21' },
  ),
  kubectlCase('create of a file with bytes that are no text keeps each byte', async (kubectl) => {
    const manifest = '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"bytes"},"binaryData":{"b":"AP8Qgf4="}}';
    await kubectl.ok(['create', '-f', '-'], manifest);
    expect(await kubectl.value('configmap bytes', '.binaryData.b')).toBe('AP8Qgf4=');
    expect(
      await kubectl.ok(['create', 'configmap', 'copied', `--from-file=program=${kubectl.subject.kubeconfig}`]),
    ).toBe('configmap/copied created\n');
  }),
  kubectlCase('create of what is there already, and of what is invalid, is refused', async (kubectl) => {
    await kubectl.ok(['create', 'configmap', 'settings']);
    expect(await kubectl.refused(['create', 'configmap', 'settings'])).toBe(
      'error: failed to create configmap: configmaps "settings" already exists\n',
    );
    expect(await kubectl.refused(['create', 'serviceaccount', 'Not_A_Name'])).toContain(
      'ServiceAccount "Not_A_Name" is invalid: metadata.name: Invalid value: "Not_A_Name": a lowercase RFC 1123 subdomain',
    );
    expect(await kubectl.refused(['create', 'configmap', 'lost', '--namespace', 'nowhere'])).toBe(
      'error: failed to create configmap: namespaces "nowhere" not found\n',
    );
  }),
  kubectlCase('a dry run on the server answers and stores nothing', async (kubectl) => {
    expect(await kubectl.ok(['create', 'configmap', 'settings', '--dry-run=server'])).toBe(
      'configmap/settings created (server dry run)\n',
    );
    expect(await kubectl.ok(['get', 'configmap', 'settings', '--ignore-not-found'])).toBe('');
  }),
];

const workloads: readonly KubectlCase[] = [
  kubectlCase(
    'create job --from takes the template of a CronJob and is owned by it',
    async (kubectl) => {
      const image = kubectl.subject.endingImage ?? '';
      await kubectl.ok(['create', 'cronjob', 'tick', `--image=${image}`, '--schedule=0 0 31 2 *']);
      expect(await kubectl.ok(['create', 'job', 'now', '--from=cronjob/tick'])).toBe('job.batch/now created\n');
      await kubectl.ok(['wait', '--for=condition=Complete', 'job/now', kubectl.timeout]);
      const [annotation, owner] = await Promise.all([
        kubectl.value('job now', String.raw`.metadata.annotations.cronjob\.kubernetes\.io/instantiate`),
        kubectl.value('job now', '.metadata.ownerReferences[0].kind'),
      ]);
      expect([annotation, owner]).toEqual(['manual', 'CronJob']);
    },
    { needsEndingImage: true, holds: '>=1.21' },
  ),
  kubectlCase('run makes a pod, expose a Service with its selector', async (kubectl) => {
    await kubectl.ok(['wait', '--for=create', 'serviceaccount/default', kubectl.timeout]);
    expect(
      await kubectl.ok(['run', 'single', `--image=${kubectl.subject.image}`, '--labels=app=single', '--port=80']),
    ).toBe('pod/single created\n');
    expect(await kubectl.ok(['expose', 'pod', 'single', '--port=8080', '--target-port=80'])).toBe(
      'service/single exposed\n',
    );
    expect(await kubectl.value('service single', '.spec.selector')).toBe('{"app":"single"}');
    expect(await kubectl.ok(['wait', '--for=condition=Ready', 'pod/single', kubectl.timeout])).toBe(
      'pod/single condition met\n',
    );
  }),
  kubectlCase(
    'autoscale makes a HorizontalPodAutoscaler',
    async (kubectl) => {
      await kubectl.ok(['create', 'deployment', 'web', '--image=a/b:1']);
      expect(await kubectl.ok(['autoscale', 'deployment', 'web', '--min=1', '--max=3', '--cpu=50%'])).toBe(
        'horizontalpodautoscaler.autoscaling/web autoscaled\n',
      );
    },
    { cannot: { embedded: 'the lab serves no HorizontalPodAutoscaler: nothing there uses CPU' } },
  ),
];

/** `kubectl create`, `run`, `expose`, `autoscale`. */
export const createContract: Contract<KubectlSubject> = { port: 'kubectl create', cases: [...byFlags, ...workloads] };
