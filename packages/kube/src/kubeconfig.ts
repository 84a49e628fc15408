import { readFile } from 'node:fs/promises';
import type * as http from 'node:http';
import type * as https from 'node:https';
import { AppError } from '@vmstation/core';
import { httpModules } from './http-modules.ts';

/** How to reach and authenticate at the cluster of a kubeconfig. */
export interface KubeAccess {
  /** Base URL without a trailing slash. */
  readonly server: string;
  /** Options for each request: agent with kept connections, certificates, headers. */
  readonly options: https.RequestOptions;
  readonly agent: http.Agent;
}

/** The text of a kubeconfig. Throws kube/no-kubeconfig when the file is absent. */
export async function readKubeconfig(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw unusable(file, cause);
    throw new AppError({
      code: 'kube/no-kubeconfig',
      kind: 'environment',
      message: `There is no kubeconfig at ${file}: no cluster was installed from this workspace yet.`,
      tryThis: 'Run `vmstation up`, or `vmstation infra deploy` for the cluster alone.',
      context: { file },
    });
  }
}

/**
 * Turns a kubeconfig into what requests need, with the official client's own reading of contexts, certificates, tokens, exec
 * plugins and proxies. Throws kube/bad-kubeconfig.
 */
export async function openKubeconfig(file: string, text: string, connections: number): Promise<KubeAccess> {
  const { KubeConfig } = await loadKubeClient();
  try {
    const config = new KubeConfig();
    config.loadFromString(text);
    config.makePathsAbsolute(file.replace(/[^/\\]*$/, ''));
    const cluster = config.getCurrentCluster();
    if (cluster === null) throw new Error(`its current context ${config.getCurrentContext() ?? ''} names no cluster`);
    const options: https.RequestOptions = {};
    await config.applyToHTTPSOptions(options);
    const agent = cluster.proxyUrl === undefined ? keepingAgent(cluster.server, options, connections) : options.agent;
    return { server: cluster.server.replace(/\/+$/, ''), options: { ...options, agent }, agent: agent as http.Agent };
  } catch (cause) {
    throw unusable(file, cause);
  }
}

/** Loads the official client's code, which the first connection does otherwise. */
export function loadKubeClient(): Promise<typeof import('@kubernetes/client-node/dist/config.js')> {
  // Only its configuration part: the whole package costs a third more time to load, and `up` waits for it.
  return import('@kubernetes/client-node/dist/config.js');
}

function keepingAgent(server: string, options: https.RequestOptions, connections: number): http.Agent {
  const keep = { keepAlive: true, maxSockets: connections, timeout: 60_000 };
  if (server.startsWith('http:')) return new httpModules.http.Agent(keep);
  const { ca, cert, key, pfx, passphrase, rejectUnauthorized, servername } = options;
  const tls = { ca, cert, key, pfx, passphrase, rejectUnauthorized, servername };
  const given = Object.fromEntries(Object.entries(tls).filter(([, value]) => value !== undefined));
  return new httpModules.https.Agent({ ...keep, ...given });
}

function unusable(file: string, cause: unknown): AppError {
  return new AppError({
    code: 'kube/bad-kubeconfig',
    kind: 'environment',
    message: `The kubeconfig ${file} cannot be used.`,
    tryThis: 'Fetch it anew from the control plane node with `vmstation infra deploy`.',
    context: { file },
    cause,
  });
}
