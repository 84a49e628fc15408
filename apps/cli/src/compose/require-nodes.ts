import { AppError, type Cluster, didYouMean } from '@vmstation/core';

/** Throws cli/unknown-node for the first name that the cluster file does not have. */
export function requireNodes(cluster: Cluster, names: readonly string[]): void {
  const known = cluster.nodes.map((node) => node.name);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown === undefined) return;
  const near = didYouMean(unknown, known);
  throw new AppError({
    code: 'cli/unknown-node',
    kind: 'user',
    message: `The cluster file has no node ${unknown}.`,
    tryThis: near === undefined ? `It has ${known.join(', ')}.` : `Did you mean ${near}?`,
  });
}
