import {
  AppsV1Api,
  BatchV1Api,
  CoordinationV1Api,
  CoreV1Api,
  type KubeConfig,
  KubernetesObjectApi,
  RbacAuthorizationV1Api,
  StorageV1Api,
  VersionApi,
} from '@kubernetes/client-node';
import { KeptKubeConfig } from './kept-kubeconfig.ts';
import { parseServerVersion, type ServerVersion } from './server-version.ts';
import { type WireCall, type WireReply, wireCall } from './wire.ts';

/** What a cluster must have for some cases beyond an API server and its controllers. */
export type Capability =
  /** Nodes whose kubelets start pods of `image`. */
  | 'kubelets'
  /** The API server was started anew since the cluster was made, so that its first versions are forgotten. */
  | 'forgotten-versions';

/** Any cluster that the Kubernetes cases can be run against. Nothing in it tells the lab from a real one. */
export interface KubernetesSubject {
  readonly kubeconfig: KubeConfig;
  readonly version: ServerVersion;
  /** Every namespace and cluster-wide object of a case begins with it. */
  readonly namespacePrefix: string;
  readonly capabilities: ReadonlySet<Capability>;
  /** An image that stays up when started without arguments; for cases that need kubelets. */
  readonly image: string;
  /** How long a case waits for a condition. */
  readonly deadlineMs: number;
  readonly core: CoreV1Api;
  readonly apps: AppsV1Api;
  readonly batch: BatchV1Api;
  readonly rbac: RbacAuthorizationV1Api;
  readonly storage: StorageV1Api;
  readonly coordination: CoordinationV1Api;
  /** The official client for objects of any kind. */
  readonly objects: KubernetesObjectApi;
  readonly wire: (call: WireCall) => Promise<WireReply>;
}

/** What a kubeconfig does not say of a cluster. */
export interface SubjectFacts {
  readonly namespacePrefix: string;
  readonly capabilities: readonly Capability[];
  readonly image: string;
  readonly deadlineMs: number;
}

/** Connects to the cluster of a kubeconfig (its text) and asks its version. */
export async function connectSubject(text: string, facts: SubjectFacts): Promise<KubernetesSubject> {
  const kubeconfig = new KeptKubeConfig();
  kubeconfig.loadFromString(text);
  const { gitVersion } = await kubeconfig.makeApiClient(VersionApi).getCode();
  return {
    kubeconfig,
    version: parseServerVersion(gitVersion),
    namespacePrefix: facts.namespacePrefix,
    capabilities: new Set(facts.capabilities),
    image: facts.image,
    deadlineMs: facts.deadlineMs,
    ...clientsOf(kubeconfig),
  };
}

/** The official client's parts for one account. */
export function clientsOf(
  kubeconfig: KubeConfig,
): Pick<KubernetesSubject, 'core' | 'apps' | 'batch' | 'rbac' | 'storage' | 'coordination' | 'objects' | 'wire'> {
  return {
    core: kubeconfig.makeApiClient(CoreV1Api),
    apps: kubeconfig.makeApiClient(AppsV1Api),
    batch: kubeconfig.makeApiClient(BatchV1Api),
    rbac: kubeconfig.makeApiClient(RbacAuthorizationV1Api),
    storage: kubeconfig.makeApiClient(StorageV1Api),
    coordination: kubeconfig.makeApiClient(CoordinationV1Api),
    objects: KubernetesObjectApi.makeApiClient(kubeconfig),
    wire: (call) => wireCall(kubeconfig, call),
  };
}
