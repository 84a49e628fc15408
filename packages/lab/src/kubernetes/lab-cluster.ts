import { randomBytes } from 'node:crypto';
import { AppError } from '@vmstation/core';
import { type LabRandom, systemRandom } from '../clock/randomness.ts';
import { TokenAuthenticator } from './auth/token-authentication.ts';
import { bootstrapObjects } from './bootstrap/bootstrap-objects.ts';
import { type ClusterClock, systemClusterClock } from './clock.ts';
import type { LabClusterConfig } from './cluster-config.ts';
import { ClaimController } from './controllers/claim-controller.ts';
import { type ControllerContext, ControllerRunner } from './controllers/controller.ts';
import { CronJobController } from './controllers/cron-job-controller.ts';
import { DaemonSetController } from './controllers/daemon-set-controller.ts';
import { DeploymentController } from './controllers/deployment-controller.ts';
import { DisruptionController } from './controllers/disruption-controller.ts';
import { EndpointsController } from './controllers/endpoints-controller.ts';
import { EventRecorder } from './controllers/event-recorder.ts';
import { GarbageCollector } from './controllers/garbage-collector.ts';
import { JobController } from './controllers/job-controller.ts';
import {
  NamespaceController,
  NamespaceDefaultsController,
  TokenSecretController,
} from './controllers/namespace-controllers.ts';
import { NodeHeartbeat, NodeLifecycleController } from './controllers/node-controller.ts';
import { QuotaController } from './controllers/quota-controller.ts';
import { ReplicaSetController } from './controllers/replica-set-controller.ts';
import { StatefulSetController } from './controllers/stateful-set-controller.ts';
import { TaintEvictionController } from './controllers/taint-eviction.ts';
import { ClusterFaults } from './faults/cluster-faults.ts';
import type { KubeObject } from './kinds.ts';
import { Kubelet, type KubeletTiming, standardTiming } from './kubelet/kubelet.ts';
import type { NodeHost } from './node-host.ts';
import { ApiObjects } from './registry/api-objects.ts';
import { fieldsOf } from './registry/prepare.ts';
import type { WriteCounters } from './registry/write-options.ts';
import type { ApiResponse } from './request/api-request.ts';
import { Scheduler } from './scheduler/scheduler.ts';
import { ApiHandler, type WireRequest } from './server/api-handler.ts';
import { ApiServer } from './server/api-server.ts';
import type { ClusterCertificates } from './server/certificates.ts';
import { ObjectStore } from './storage/object-store.ts';
import { StateFile } from './storage/state-file.ts';

/** What the lab gives a cluster besides its configuration. */
export interface LabClusterPorts {
  readonly host: NodeHost;
  readonly clock?: ClusterClock;
  /** Object ids and name suffixes come from it; the computer's own when absent. */
  readonly random?: LabRandom;
  /** False: the API answers `request` alone and no socket is opened. */
  readonly listens?: boolean;
  readonly timing?: KubeletTiming;
  /** Loopback port of the API; 0 or absent picks a free one. */
  readonly apiPort?: number;
  /** Hears of a controller that failed for another reason than a refusal by the API. */
  readonly onError?: (controller: string, error: unknown) => void;
}

/** A running cluster of the lab. */
export interface LabKubernetes {
  readonly config: LabClusterConfig;
  /** `https://127.0.0.1:PORT`; without a socket the address that it has in the model. */
  readonly url: string;
  /** PEM text of its certificate authority. */
  readonly ca: string;
  /** PEM text of its server's certificate. */
  readonly certificate: string;
  readonly store: ObjectStore;
  readonly faults: ClusterFaults;
  /** Writes that changed something since the process opened the cluster. */
  readonly counters: WriteCounters;
  /** Kubeconfig text of the administrator, for the loopback address. */
  adminKubeconfig(): string;
  /** Answers a request without the socket: the in-process transport. */
  request(request: WireRequest): ApiResponse;
  /** Writes a little into the state file. Throws lab/no-room. */
  proveRoom(): void;
  /** Ends every open watch, as a restart of the API server does. */
  dropWatches(): void;
  close(): Promise<void>;
}

/** What a cluster needs to come back as itself. */
interface Identity {
  readonly config: LabClusterConfig;
  readonly certificates: ClusterCertificates;
  readonly adminToken: string;
  readonly signingKey: string;
}

/**
 * Makes a cluster from an installer's decisions, keeps it in `stateFile` (':memory:' keeps nothing) and starts its API.
 * Throws lab/cluster-exists when the file already holds one.
 */
export async function createLabCluster(
  config: LabClusterConfig,
  stateFile: string,
  ports: LabClusterPorts,
): Promise<LabKubernetes> {
  const file = new StateFile(stateFile);
  if (file.value('identity') !== undefined) {
    file.close();
    throw new AppError({
      code: 'lab/cluster-exists',
      kind: 'user',
      message: `The lab already has a cluster in ${stateFile}; a second one was not made over it.`,
      tryThis: 'vmstation lab reset, if its contents may go',
    });
  }
  const { makeCertificates } = await import('./server/certificates.ts');
  const identity: Identity = {
    config,
    certificates: await makeCertificates(
      config.clusterDomain,
      config.nodes.map(({ ip }) => ip),
      (ports.clock ?? systemClusterClock).now(),
    ),
    adminToken: randomBytes(24).toString('hex'),
    signingKey: randomBytes(32).toString('hex'),
  };
  const parts = assemble(file, identity, ports);
  file.together(() => {
    for (const { resource, object } of bootstrapObjects(config)) createBootstrapObject(parts.api, resource, object);
    file.setValue('identity', JSON.stringify(identity));
  });
  return start(parts, file, identity, ports);
}

/** Opens the cluster that a file holds and starts its API; undefined when it holds none. */
export async function openLabCluster(stateFile: string, ports: LabClusterPorts): Promise<LabKubernetes | undefined> {
  const file = new StateFile(stateFile);
  const text = file.value('identity');
  if (text === undefined) {
    file.close();
    return undefined;
  }
  const identity = JSON.parse(text) as Identity;
  return start(assemble(file, identity, ports), file, identity, ports);
}

/** Stores an object of a fresh cluster; a status that it carries is reported like a kubelet's. */
function createBootstrapObject(
  api: ApiObjects,
  resource: Parameters<ApiObjects['create']>[0],
  object: KubeObject,
): void {
  const created = api.create(resource, object, { manager: 'kubeadm' });
  const { status } = fieldsOf(object);
  if (status === undefined || resource === 'nodes') return;
  const next = { ...fieldsOf(created), status } as unknown as KubeObject;
  api.update(resource, next, { manager: 'kubeadm', subresource: 'status' });
}

interface Parts {
  readonly api: ApiObjects;
  readonly faults: ClusterFaults;
  readonly runner: ControllerRunner;
  readonly handler: ApiHandler;
}

function assemble(file: StateFile, identity: Identity, ports: LabClusterPorts): Parts {
  const clock = ports.clock ?? systemClusterClock;
  const store = new ObjectStore(file);
  const api = new ApiObjects(store, clock, identity.config, ports.random ?? systemRandom);
  const faults = new ClusterFaults();
  const tokens = new TokenAuthenticator(store, clock, identity);
  const context: ControllerContext = {
    api,
    store,
    clock,
    config: identity.config,
    recorder: new EventRecorder(api),
    faults,
    nodes: ports.host,
    onError: ports.onError ?? reportToStderr,
  };
  const kubelet = new Kubelet(context, ports.timing ?? standardTiming);
  const { ca } = identity.certificates;
  const runner = new ControllerRunner(context, [
    new NamespaceDefaultsController(context, ca),
    new NamespaceController(context),
    new TokenSecretController(context, tokens, ca),
    new NodeHeartbeat(context),
    new NodeLifecycleController(context),
    new TaintEvictionController(context),
    new ClaimController(context),
    new QuotaController(context),
    new DeploymentController(context),
    new ReplicaSetController(context),
    new DaemonSetController(context),
    new StatefulSetController(context),
    new JobController(context),
    new CronJobController(context),
    new Scheduler(context),
    kubelet,
    new EndpointsController(context),
    new DisruptionController(context),
    new GarbageCollector(context),
  ]);
  const first = identity.config.nodes.find(({ roles }) => roles.includes('control-plane'));
  const address = `${first?.ip ?? '127.0.0.1'}:6443`;
  return { api, faults, runner, handler: new ApiHandler({ api, tokens, faults, logs: kubelet, address }) };
}

async function start(
  parts: Parts,
  file: StateFile,
  identity: Identity,
  ports: LabClusterPorts,
): Promise<LabKubernetes> {
  const { api, faults, runner, handler } = parts;
  const server = new ApiServer(handler, faults, identity.certificates);
  const port = ports.listens === false ? 6443 : await server.listen(ports.apiPort ?? 0);
  runner.start();
  const first = identity.config.nodes.find(({ roles }) => roles.includes('control-plane'));
  const url = `https://${ports.listens === false ? (first?.ip ?? '127.0.0.1') : '127.0.0.1'}:${port}`;
  return {
    config: identity.config,
    url,
    ca: identity.certificates.ca,
    certificate: identity.certificates.certificate,
    store: api.store,
    faults,
    counters: api.counters,
    adminKubeconfig: () => kubeconfig(identity, url),
    request: (request) => handler.handle(request),
    proveRoom: () => file.setValue('room', String(Date.now())),
    dropWatches: () => server.dropStreams(),
    close: async () => {
      runner.stop();
      if (ports.listens !== false) await server.close();
      file.close();
    },
  };
}

function reportToStderr(controller: string, error: unknown): void {
  process.stderr.write(
    `lab cluster, ${controller}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
  );
}

function kubeconfig({ config, certificates, adminToken }: Identity, url: string): string {
  const context = `kubernetes-admin@${config.clusterName}`;
  return [
    'apiVersion: v1',
    'kind: Config',
    'clusters:',
    `- name: ${config.clusterName}`,
    '  cluster:',
    `    server: ${url}`,
    `    certificate-authority-data: ${Buffer.from(certificates.ca).toString('base64')}`,
    'users:',
    '- name: kubernetes-admin',
    `  user: {token: ${adminToken}}`,
    'contexts:',
    `- name: ${context}`,
    `  context: {cluster: ${config.clusterName}, user: kubernetes-admin}`,
    `current-context: ${context}`,
    '',
  ].join('\n');
}
