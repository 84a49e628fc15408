import { expect } from 'vitest';
import { parse } from 'yaml';
import type { Contract } from '../../../contract-case.ts';
import { type KubectlCase, kubectlCase } from '../kubectl-case.ts';
import type { KubectlSubject } from '../kubectl-subject.ts';
import { lines, masked, podsOf } from '../masked.ts';

/** Three ConfigMaps: `one` and `two` are of shape round, `three` is square; by rank they are three, one, two. */
const shapes = [
  ['one', 'round', '2'],
  ['two', 'round', '3'],
  ['three', 'square', '1'],
]
  .map(
    ([name, shape, rank]) =>
      `{apiVersion: v1, kind: ConfigMap, metadata: {name: ${name}, labels: {shape: ${shape}}}, data: {rank: "${rank}"}}`,
  )
  .join('\n---\n');
const ours = ['get', 'configmaps', '-l', 'shape'];

const tables: readonly KubectlCase[] = [
  kubectlCase('get prints a table of each kind, groups named, and wide adds columns', async (kubectl) => {
    await kubectl.deployment('web', 2);
    await kubectl.ok(['expose', 'deployment', 'web', '--port=80']);
    await kubectl.ok(['create', 'configmap', 'settings', '--from-literal=a=b']);
    const masks = { 'web-POD': podsOf('web'), IMAGE: kubectl.subject.image };
    expect(masked(await kubectl.ok(['get', 'deployment/web', 'service/web', 'configmap/settings']))).toBe(
      lines(
        'NAME  READY  UP-TO-DATE  AVAILABLE  AGE',
        'deployment.apps/web  2/2  2  2  AGE',
        '',
        'NAME  TYPE  CLUSTER-IP  EXTERNAL-IP  PORT(S)  AGE',
        'service/web  ClusterIP  IP  <none>  80/TCP  AGE',
        '',
        'NAME  DATA  AGE',
        'configmap/settings  1  AGE',
      ),
    );
    expect(masked(await kubectl.ok(['get', 'deployments', '-o', 'wide']), masks)).toBe(
      lines(
        'NAME  READY  UP-TO-DATE  AVAILABLE  AGE  CONTAINERS  IMAGES  SELECTOR',
        'web  2/2  2  2  AGE  pause  IMAGE  app=web',
      ),
    );
    const pods = masked(await kubectl.ok(['get', 'pods', '-o', 'wide']), {
      ...masks,
      NODE: /(?<=IP {2,})\S+(?=\s+<none>)/u,
    });
    expect(pods.replaceAll(/IP {2}\S+ {2}<none>/gu, 'IP  NODE  <none>')).toBe(
      lines(
        'NAME  READY  STATUS  RESTARTS  AGE  IP  NODE  NOMINATED NODE  READINESS GATES',
        'web-POD  1/1  Running  0  AGE  IP  NODE  <none>  <none>',
        'web-POD  1/1  Running  0  AGE  IP  NODE  <none>  <none>',
      ),
    );
  }),
  kubectlCase(
    'the columns of the other kinds',
    async (kubectl) => {
      await kubectl.apply(
        [
          '{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: data}, spec: {accessModes: [ReadWriteOnce], storageClassName: "", resources: {requests: {storage: 1Gi}}}}',
          '{apiVersion: v1, kind: LimitRange, metadata: {name: bounds}, spec: {limits: [{type: Container, default: {memory: 1Gi}}]}}',
          '{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: wall}, spec: {podSelector: {matchLabels: {app: web}}}}',
          '{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: db}, spec: {serviceName: db, replicas: 0, selector: {matchLabels: {app: db}}, template: {metadata: {labels: {app: db}}, spec: {containers: [{name: c, image: "a/b:1"}]}}}}',
        ].join('\n---\n'),
      );
      await kubectl.ok(['create', 'cronjob', 'tick', '--image=a/b:1', '--schedule=0 0 1 1 *']);
      await kubectl.ok(['create', 'ingress', 'site', '--rule=example.test/=web:80,tls=own', '--class=own']);
      await kubectl.ok([
        'create',
        'rolebinding',
        'reads',
        '--clusterrole=view',
        '--user=eve',
        '--serviceaccount=default:bot',
      ]);
      await kubectl.ok(['create', 'service', 'nodeport', 'web', '--tcp=80:80']);
      await kubectl.ok(['wait', '--for=create', 'controllerrevision', '-l', 'app=db', kubectl.timeout]);
      await kubectl.ok(['wait', '--for=create', 'serviceaccount/default', kubectl.timeout]);
      await kubectl.ok(['wait', '--for=create', 'configmap/kube-root-ca.crt', kubectl.timeout]);
      const table = async (kind: string, ...flags: string[]): Promise<string> =>
        masked(await kubectl.ok(['get', kind, ...flags]), { REVISION: /db-[a-z0-9]{8,10}/u, PORT: /\b3[0-2]\d{3}\b/u });
      expect(
        await Promise.all([
          table('pvc'),
          table('limitranges'),
          table('networkpolicies'),
          table('statefulsets', '-o', 'wide'),
          table('controllerrevisions'),
          table('cronjobs', '-o', 'wide'),
          table('ingresses'),
          table('rolebindings', '-o', 'wide'),
          table('services', '-o', 'wide'),
          table('serviceaccount/default'),
          table('configmap/kube-root-ca.crt'),
        ]),
      ).toEqual([
        lines(
          'NAME  STATUS  VOLUME  CAPACITY  ACCESS MODES  STORAGECLASS  VOLUMEATTRIBUTESCLASS  AGE',
          'data  Pending  <unset>  AGE',
        ),
        lines('NAME  CREATED AT', 'bounds  TIME'),
        lines('NAME  POD-SELECTOR  AGE', 'wall  app=web  AGE'),
        lines('NAME  READY  AGE  CONTAINERS  IMAGES', 'db  0/0  AGE  c  a/b:1'),
        lines('NAME  CONTROLLER  REVISION  AGE', 'REVISION  statefulset.apps/db  1  AGE'),
        lines(
          'NAME  SCHEDULE  TIMEZONE  SUSPEND  ACTIVE  LAST SCHEDULE  AGE  CONTAINERS  IMAGES  SELECTOR',
          'tick  0 0 1 1 *  <none>  False  0  <none>  AGE  tick  a/b:1  <none>',
        ),
        lines('NAME  CLASS  HOSTS  ADDRESS  PORTS  AGE', 'site  own  example.test  80, 443  AGE'),
        lines('NAME  ROLE  AGE  USERS  GROUPS  SERVICEACCOUNTS', 'reads  ClusterRole/view  AGE  eve  default/bot'),
        lines(
          'NAME  TYPE  CLUSTER-IP  EXTERNAL-IP  PORT(S)  AGE  SELECTOR',
          'web  NodePort  IP  <none>  80:PORT/TCP  AGE  app=web',
        ),
        lines('NAME  SECRETS  AGE', 'default  0  AGE'),
        lines('NAME  DATA  AGE', 'kube-root-ca.crt  1  AGE'),
      ]);
    },
    { holds: '>=1.31' },
  ),
  kubectlCase(
    'the server warns of Endpoints, which EndpointSlices have taken the place of',
    async (kubectl) => {
      const { exitCode, stderr } = await kubectl.run(['get', 'endpoints', 'kubernetes', '-n', 'default']);
      expect([exitCode, stderr]).toEqual([
        0,
        'Warning: v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice\n',
      ]);
      expect((await kubectl.run(['get', 'endpointslices', 'kubernetes', '-n', 'default'])).stderr).toBe('');
    },
    { holds: '>=1.33' },
  ),
  kubectlCase('get nodes shows roles and version, wide shows the machine', async (kubectl) => {
    const [head = '', ...rows] = (await kubectl.ok(['get', 'nodes'])).split('\n');
    expect(head.split(/\s+/u)).toEqual(['NAME', 'STATUS', 'ROLES', 'AGE', 'VERSION']);
    expect(rows.some((row) => /Ready\s+control-plane\S*\s+\S+\s+v1\.\d+/u.test(row))).toBe(true);
    expect((await kubectl.ok(['get', 'nodes', '-o', 'wide'])).split('\n')[0]?.split(/\s{2,}/u)).toEqual([
      'NAME',
      'STATUS',
      'ROLES',
      'AGE',
      'VERSION',
      'INTERNAL-IP',
      'EXTERNAL-IP',
      'OS-IMAGE',
      'KERNEL-VERSION',
      'CONTAINER-RUNTIME',
    ]);
  }),
  kubectlCase('get -A names the namespace, and says where there is nothing', async (kubectl) => {
    expect((await kubectl.ok(['get', 'daemonsets', '-A'])).split('\n')[0]).toMatch(
      /^NAMESPACE\s+NAME\s+DESIRED\s+CURRENT/u,
    );
    expect(await kubectl.run(['get', 'pods'])).toEqual({
      exitCode: 0,
      stdout: '',
      stderr: `No resources found in ${kubectl.namespace} namespace.\n`,
    });
    expect((await kubectl.run(['get', 'pods', '-A', '-l', 'nobody=has-this'])).stderr).toBe('No resources found\n');
  }),
  kubectlCase('get all lists what belongs to the category', async (kubectl) => {
    await kubectl.deployment('web');
    const names = (await kubectl.ok(['get', 'all', '-o', 'name'])).trim().split('\n');
    expect(names.map((name) => name.split('/')[0])).toEqual(['pod', 'deployment.apps', 'replicaset.apps']);
  }),
];

const forms: readonly KubectlCase[] = [
  kubectlCase('yaml and json are one object, without managed fields unless asked for', async (kubectl) => {
    await kubectl.ok(['create', 'configmap', 'settings', '--from-literal=a=b']);
    const [yaml, json, managed] = await Promise.all([
      kubectl.ok(['get', 'configmap/settings', '-o', 'yaml']),
      kubectl.ok(['get', 'configmap/settings', '-o', 'json']),
      kubectl.ok(['get', 'configmap/settings', '-o', 'json', '--show-managed-fields']),
    ]);
    const object = JSON.parse(json) as { metadata: object };
    expect(parse(yaml)).toEqual(object);
    expect(object).toMatchObject({ apiVersion: 'v1', kind: 'ConfigMap', data: { a: 'b' } });
    expect(object.metadata).not.toHaveProperty('managedFields');
    expect(JSON.parse(managed)).toMatchObject({
      metadata: {
        managedFields: [
          {
            manager: 'kubectl-create',
            operation: 'Update',
            apiVersion: 'v1',
            fieldsType: 'FieldsV1',
            fieldsV1: { 'f:data': { '.': {}, 'f:a': {} } },
          },
        ],
      },
    });
  }),
  kubectlCase('jsonpath, custom columns, go-template and names', async (kubectl) => {
    await kubectl.apply(shapes);
    const [path, columns, template, names] = await Promise.all([
      kubectl.ok([...ours, '-o', 'jsonpath={range .items[*]}{.metadata.name}={.data.rank};{end}']),
      kubectl.ok([...ours, '-o', 'custom-columns=WHO:.metadata.name,RANK:.data.rank,NONE:.data.nothing']),
      kubectl.ok([...ours, '-o', 'go-template={{range .items}}{{.kind}} {{end}}']),
      kubectl.ok([...ours, '-o', 'name']),
    ]);
    expect(path).toBe('one=2;three=1;two=3;');
    expect(masked(columns)).toBe(lines('WHO  RANK  NONE', 'one  2  <none>', 'three  1  <none>', 'two  3  <none>'));
    expect(template).toBe('ConfigMap ConfigMap ConfigMap ');
    expect(names).toBe(lines('configmap/one', 'configmap/three', 'configmap/two'));
  }),
  kubectlCase('sorted by a field, in chunks, with labels as columns', async (kubectl) => {
    await kubectl.apply(shapes);
    const [sorted, chunked, labelled] = await Promise.all([
      kubectl.ok([...ours, '--sort-by=.data.rank', '-o', 'name']),
      kubectl.ok([...ours, '--chunk-size=1', '--no-headers']),
      kubectl.ok([...ours, '-L', 'shape', '--show-labels']),
    ]);
    expect(sorted).toBe(lines('configmap/three', 'configmap/one', 'configmap/two'));
    expect(masked(chunked)).toBe(lines('one  1  AGE', 'three  1  AGE', 'two  1  AGE'));
    expect(masked(labelled)).toBe(
      lines(
        'NAME  DATA  AGE  SHAPE  LABELS',
        'one  1  AGE  round  shape=round',
        'three  1  AGE  square  shape=square',
        'two  1  AGE  round  shape=round',
      ),
    );
  }),
];

const selectors: readonly KubectlCase[] = [
  kubectlCase('label selectors of every form', async (kubectl) => {
    await kubectl.apply(shapes);
    const named = async (selector: string): Promise<string> =>
      (await kubectl.ok(['get', 'configmaps', '-o', 'name', '-l', selector])).trim().replaceAll('configmap/', '');
    expect(
      await Promise.all(
        ['shape=round', 'shape!=round,shape', 'shape in (square,oval)', 'shape notin (round),shape'].map(named),
      ),
    ).toEqual(['one\ntwo', 'three', 'three', 'three']);
    expect(await kubectl.refused(['get', 'configmaps', '-l', 'shape=a=b'])).toContain('unable to parse requirement');
  }),
  kubectlCase('field selectors, and the refusal of one that the kind has not', async (kubectl) => {
    await kubectl.apply(shapes);
    expect(await kubectl.ok(['get', 'configmaps', '--field-selector', 'metadata.name=two', '-o', 'name'])).toBe(
      'configmap/two\n',
    );
    expect(
      await kubectl.ok(['get', 'configmaps', '-l', 'shape', '--field-selector', 'metadata.name!=two', '-o', 'name']),
    ).toBe(lines('configmap/one', 'configmap/three'));
    expect(await kubectl.refused(['get', 'pods', '--field-selector', 'spec.image=x'])).toBe(
      'Error from server (BadRequest): Unable to find "/v1, Resource=pods" that match label selector "", field selector "spec.image=x": field label not supported: spec.image\n',
    );
  }),
  kubectlCase('what is not there and what no server has', async (kubectl) => {
    expect(await kubectl.refused(['get', 'pod', 'nobody'])).toBe(
      'Error from server (NotFound): pods "nobody" not found\n',
    );
    expect(await kubectl.refused(['get', 'deployment', 'nobody'])).toBe(
      'Error from server (NotFound): deployments.apps "nobody" not found\n',
    );
    expect(await kubectl.ok(['get', 'pod', 'nobody', '--ignore-not-found'])).toBe('');
    expect(await kubectl.refused(['get', 'unicorns'])).toBe(
      'error: the server doesn\'t have a resource type "unicorns"\n',
    );
  }),
  kubectlCase('a watch tells of what is added, modified and deleted', async (kubectl) => {
    const watch = kubectl.start([
      'get',
      'configmaps',
      '-l',
      'shape',
      '--watch',
      '--output-watch-events',
      '--no-headers',
    ]);
    await kubectl.apply(shapes);
    await watch.until((printed) => printed.split('\n').length > 3);
    await kubectl.ok(['patch', 'configmap', 'one', '--type=merge', '-p', '{"data":{"more":"x"}}']);
    await kubectl.ok(['delete', 'configmap', 'two']);
    await watch.until((printed) => /DELETED.*\n/u.test(printed));
    const [first, second, third, ...later] = masked(watch.printed()).trim().split('\n');
    expect(new Set([first, second, third])).toEqual(
      new Set(['ADDED  one  1  AGE', 'ADDED  two  1  AGE', 'ADDED  three  1  AGE']),
    );
    expect(later).toEqual(['MODIFIED  one  2  AGE', 'DELETED  two  1  AGE']);
  }),
];

/** `kubectl get` in its forms. */
export const getContract: Contract<KubectlSubject> = {
  port: 'kubectl get',
  cases: [...tables, ...forms, ...selectors],
};
