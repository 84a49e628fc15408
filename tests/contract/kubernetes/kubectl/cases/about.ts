import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Contract } from '../../../contract-case.ts';
import { type KubectlCase, kubectlCase } from '../kubectl-case.ts';
import type { KubectlSubject } from '../kubectl-subject.ts';
import { masked } from '../masked.ts';

const noProgram = { embedded: 'containers of the lab are stand-ins: no image runs there' };

const server: readonly KubectlCase[] = [
  kubectlCase(
    'api-resources and api-versions list what the server serves',
    async (kubectl) => {
      const rows = masked(await kubectl.ok(['api-resources'])).split('\n');
      expect(rows[0]).toBe('NAME  SHORTNAMES  APIVERSION  NAMESPACED  KIND');
      expect(rows).toEqual(
        expect.arrayContaining([
          'configmaps  cm  v1  true  ConfigMap',
          'nodes  no  v1  false  Node',
          'pods  po  v1  true  Pod',
          'persistentvolumeclaims  pvc  v1  true  PersistentVolumeClaim',
          'deployments  deploy  apps/v1  true  Deployment',
          'cronjobs  cj  batch/v1  true  CronJob',
          'poddisruptionbudgets  pdb  policy/v1  true  PodDisruptionBudget',
          'storageclasses  sc  storage.k8s.io/v1  false  StorageClass',
        ]),
      );
      const names = (await kubectl.ok(['api-resources', '--namespaced=false', '-o', 'name', '--verbs=list'])).split(
        '\n',
      );
      expect(names).toEqual(expect.arrayContaining(['namespaces', 'nodes', 'clusterroles.rbac.authorization.k8s.io']));
      expect(names).not.toContain('pods');
      const versions = (await kubectl.ok(['api-versions'])).split('\n');
      expect(versions).toEqual(expect.arrayContaining(['v1', 'apps/v1', 'rbac.authorization.k8s.io/v1']));
    },
    { holds: '>=1.21' },
  ),
  kubectlCase('version, cluster-info and the health paths', async (kubectl) => {
    const { minor } = kubectl.subject.version;
    expect(await kubectl.ok(['version'])).toMatch(new RegExp(`Server Version: v1\\.${minor}\\.\\d+`, 'u'));
    expect(await kubectl.ok(['cluster-info'])).toMatch(/Kubernetes control plane.* is running at .*https:\/\//u);
    expect(await kubectl.ok(['get', '--raw', '/livez'])).toBe('ok');
    expect(await kubectl.ok(['get', '--raw', '/readyz'])).toBe('ok');
    expect(JSON.parse(await kubectl.ok(['get', '--raw', '/version']))).toMatchObject({ major: '1' });
    expect(await kubectl.refused(['get', '--raw', '/no/such/path'])).toBe(
      'Error from server (NotFound): the server could not find the requested resource\n',
    );
  }),
  kubectlCase(
    'explain names types and fields',
    async (kubectl) => {
      expect(await kubectl.ok(['explain', 'deployment.spec.replicas'])).toMatch(
        /^GROUP: +apps\nKIND: +Deployment\nVERSION: +v1\n\nFIELD: replicas <integer>\n/u,
      );
      const container = masked(await kubectl.ok(['explain', 'pod.spec.containers']));
      expect(container).toContain('FIELD: containers <[]Container>');
      for (const field of [
        'image  <string>',
        'name  <string> -required-',
        'ports  <[]ContainerPort>',
        'resources  <ResourceRequirements>',
      ]) {
        expect(container).toContain(`  ${field}\n`);
      }
      expect(masked(await kubectl.ok(['explain', 'pod.spec.containers.resources']))).toContain(
        'limits  <map[string]Quantity>',
      );
      expect(await kubectl.refused(['explain', 'pod.spec.nothing'])).toContain('field "nothing" does not exist');
    },
    { holds: '>=1.27' },
  ),
  kubectlCase(
    'explain describes',
    async (kubectl) => {
      expect(await kubectl.ok(['explain', 'deployment.spec.replicas'])).toContain('Number of desired pods.');
    },
    { cannot: { embedded: "the lab's OpenAPI documents hold structure, not prose" } },
  ),
  kubectlCase(
    'events of a namespace and of one object',
    async (kubectl) => {
      await kubectl.deployment('web');
      const events = masked(await kubectl.ok(['events', '--for=deployment/web']), { 'web-SET': /web-[a-z0-9]{8,10}/u });
      expect(events.split('\n')).toContain(
        'AGE  Normal  ScalingReplicaSet  Deployment/web  Scaled up replica set web-SET from 0 to 1',
      );
      const table = masked(await kubectl.ok(['get', 'events', '--sort-by=.lastTimestamp']));
      expect(table.split('\n')[0]).toBe('LAST SEEN  TYPE  REASON  OBJECT  MESSAGE');
      expect(
        await kubectl.ok(['get', 'events', '--field-selector=reason=Scheduled,involvedObject.kind=Pod', '-o', 'name']),
      ).toMatch(/^event\/web-\S+\n$/u);
      expect((await kubectl.run(['events', '--types=Warning'])).stderr).toBe(
        `No events found in ${kubectl.namespace} namespace.\n`,
      );
    },
    { holds: '>=1.30' },
  ),
];

const programs: readonly KubectlCase[] = [
  kubectlCase('logs come from the container, those of a previous one only where there was one', async (kubectl) => {
    await kubectl.deployment('web');
    const pod = (await kubectl.ok(['get', 'pods', '-o', 'name'])).trim();
    const [all, tail, stamped] = await Promise.all([
      kubectl.ok(['logs', pod]),
      kubectl.ok(['logs', 'deployment/web', '--tail=0']),
      kubectl.ok(['logs', pod, '--timestamps', '--all-containers']),
    ]);
    expect(tail).toBe('');
    expect(stamped.split('\n').filter((line) => line !== '')).toHaveLength(
      all.split('\n').filter((line) => line !== '').length,
    );
    expect(await kubectl.refused(['logs', pod, '--previous'])).toContain('previous terminated container');
    expect(await kubectl.refused(['logs', pod, '-c', 'nobody'])).toContain('container nobody is not valid for pod');
    expect(await kubectl.refused(['logs', 'nobody'])).toBe(
      `error: error from server (NotFound): pods "nobody" not found in namespace "${kubectl.namespace}"\n`,
    );
  }),
  kubectlCase('followed logs end when the container does', async (kubectl) => {
    await kubectl.deployment('web');
    const pod = (await kubectl.ok(['get', 'pods', '-o', 'name'])).trim();
    const [printed, soFar] = [kubectl.ok(['logs', '--follow', pod]), await kubectl.ok(['logs', pod])];
    await kubectl.ok(['scale', 'deployment/web', '--replicas=0']);
    expect((await printed).startsWith(soFar)).toBe(true);
  }),
  kubectlCase(
    'exec runs a program',
    async (kubectl) => {
      await kubectl.deployment('web');
      expect(await kubectl.ok(['exec', 'deployment/web', '--', 'echo', 'hello'])).toBe('hello\n');
    },
    { cannot: noProgram },
  ),
  kubectlCase(
    'cp brings a file',
    async (kubectl) => {
      await kubectl.deployment('web');
      const pod = (await kubectl.ok(['get', 'pods', '-o', 'jsonpath={.items[0].metadata.name}'])).trim();
      const file = join(kubectl.subject.folder, `${kubectl.namespace}.txt`);
      await writeFile(file, 'hello\n');
      await kubectl.ok(['cp', file, `${pod}:/tmp/hello`]);
    },
    { cannot: noProgram },
  ),
  kubectlCase(
    'port-forward opens a way to a pod',
    async (kubectl) => {
      await kubectl.deployment('web');
      await kubectl
        .start(['port-forward', 'deployment/web', ':80'])
        .until((printed) => printed.includes('Forwarding from'));
    },
    { cannot: noProgram },
  ),
  kubectlCase(
    'exec, attach, port-forward and debug say that they are not possible rather than hang',
    async (kubectl) => {
      await kubectl.deployment('web');
      const pod = await kubectl.value('pods', '.items[0].metadata.name');
      const why = 'is not possible in the lab: containers are stand-ins, no image runs';
      const refusals = await Promise.all([
        kubectl.refused(['exec', 'deployment/web', '--', 'true']),
        kubectl.refused(['attach', 'deployment/web']),
        kubectl.refused(['port-forward', 'deployment/web', ':80']),
        kubectl.refused(['debug', pod, '--image=a/b:1', '--profile=general']),
      ]);
      for (const refusal of refusals) expect(refusal).toContain(why);
    },
    { cannot: { hosts: 'containers run there, so nothing is refused' } },
  ),
  kubectlCase('top says so where no metrics are served', async (kubectl) => {
    const { exitCode, stderr } = await kubectl.run(['top', 'nodes']);
    const served = (await kubectl.ok(['api-versions'])).includes('metrics.k8s.io/');
    expect([exitCode, stderr]).toEqual(served ? [0, ''] : [1, 'error: Metrics API not available\n']);
    expect((await kubectl.run(['top', 'pods'])).exitCode).toBe(exitCode);
  }),
];

/** What kubectl says of the server, and what needs a running program. */
export const aboutContract: Contract<KubectlSubject> = { port: 'kubectl about', cases: [...server, ...programs] };
