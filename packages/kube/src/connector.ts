import { type Clock, type KubeConnector, type KubePort, sha256Hex } from '@vmstation/core';
import { ApiClient, type KubeExchange } from './api-client.ts';
import { ClusterPort } from './cluster-port.ts';
import { openKubeconfig, readKubeconfig } from './kubeconfig.ts';

/** What {@link kubeConnector} needs. */
export interface KubeConnectorOptions {
  /** Absolute path of the workspace's kubeconfig; it may not exist yet. */
  readonly kubeconfigFile: string;
  readonly clock: Clock;
  /** How long one call may take; 15 s when left out. */
  readonly callTimeoutMs?: number;
  /** Carries the requests instead of a connection to the kubeconfig's server. */
  readonly exchange?: KubeExchange;
  /** Reads the kubeconfig in place of the file; undefined when there is none yet. */
  readonly readText?: () => Promise<string | undefined>;
  /** Randomness for keys that are made in the cluster; the computer's own when left out. */
  readonly randomBytes?: (count: number) => Uint8Array;
}

const connections = 8;

/**
 * Opens the cluster that the workspace's kubeconfig names. The official client's code is loaded at the first connect, and the
 * port is shared by all who connect until the file's content changes. `connect` makes no call yet; it throws kube/no-kubeconfig
 * and kube/bad-kubeconfig.
 */
export function kubeConnector(options: KubeConnectorOptions): KubeConnector {
  const { kubeconfigFile, clock, callTimeoutMs = 15_000 } = options;
  let opened: { readonly digest: string; readonly port: Promise<KubePort> } | undefined;
  return {
    ...(options.randomBytes === undefined ? {} : { randomBytes: options.randomBytes }),
    async connect() {
      const given = await options.readText?.();
      const text = given ?? (await readKubeconfig(kubeconfigFile));
      const digest = sha256Hex(text);
      if (opened?.digest !== digest) {
        const open = async (): Promise<KubePort> => {
          const access = await openKubeconfig(kubeconfigFile, text, connections);
          return new ClusterPort(new ApiClient(access, clock, callTimeoutMs, options.exchange), clock, access.server);
        };
        opened = { digest, port: open() };
      }
      return opened.port;
    },
  };
}
