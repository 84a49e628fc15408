import type { ClusterNode, Declaration, FileResource } from '@vmstation/core';

/** How the product gets to be root on a node, and what is declared there. */
export interface WayIn {
  readonly node: ClusterNode;
  readonly user: string;
  readonly port: number;
  /** Home of the user, where its keys are. */
  readonly home: string;
  /** Base64 part of the workspace's public key; undefined when it has none yet. */
  readonly key: string | undefined;
  readonly declared: readonly Declaration[];
}

/** A declaration that would shut the way in. */
export interface ShutWayIn {
  readonly origin: string;
  /** What it does, as the second half of a sentence: `takes no keys (PubkeyAuthentication no)`. */
  readonly does: string;
  /** What needs the way in, and where the model says so. */
  readonly against: string;
}

/** A whole file with known content. */
export interface KnownFile {
  readonly path: string;
  readonly content: string;
  readonly mode: string | undefined;
  readonly origin: string;
}

/** Files that are declared as a whole and stay. */
export function knownFiles({ declared }: WayIn): readonly KnownFile[] {
  return declared.flatMap(({ resource, origin }) =>
    isKnown(resource) ? [{ path: resource.path, content: resource.content, mode: resource.mode, origin }] : [],
  );
}

function isKnown(resource: Declaration['resource']): resource is FileResource & { readonly content: string } {
  return resource.kind === 'file' && resource.ensure !== 'absent' && resource.content !== undefined;
}

/** What the model says of logging in, with its place. */
export function loginOf({ node, user }: WayIn): string {
  return `${node.name} is logged in to as ${user} (vmstation.yaml: ssh.user)`;
}

/** Lines of a configuration without comments and empty ones; continued lines are joined. */
export function settingLines(content: string): readonly string[] {
  return content
    .replaceAll('\\\n', ' ')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
}
