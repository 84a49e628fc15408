import { AppError, didYouMean, resourceId } from '@vmstation/core';
import type { Session } from '../compose/session.ts';

/** Throws drift/no-such-resource for what is not declared for the node. */
export function requireResource(session: Session, node: string, resource: string): void {
  const known = (session.platform.desired.nodes.get(node) ?? []).map((one) => resourceId(one.resource));
  if (known.some((id) => id === resource)) return;
  const near = didYouMean(resource, known);
  throw new AppError({
    code: 'drift/no-such-resource',
    kind: 'user',
    message: `Nothing called ${resource} is declared for ${node}; nothing was done.`,
    tryThis: near === undefined ? `Name it as \`vmstation drift --node ${node}\` does.` : `Did you mean ${near}?`,
  });
}
