/**
 * The import table of the repository: which package may import which, and why the rest may not. dependency-cruiser's rules, the
 * acyclicity check and the drawing in cluster-docs all come from here.
 */
export interface PackageBoundary {
  /** Folder from the root. */
  readonly folder: string;
  readonly mayImport: readonly string[];
  /** Printed with every forbidden edge that starts here. */
  readonly reason: string;
}

const domain = ['core', 'remote', 'host', 'kube'] as const;
const phasePackages = [
  'cluster-setup',
  'cluster-infra',
  'cluster-config',
  'cluster-monitor-stack',
  'cluster-application-stack',
] as const;
const allButPlatform = ['workspace', ...domain, ...phasePackages, 'cluster-tools'] as const;

/** One row per package. */
export const boundaries: Readonly<Record<string, PackageBoundary>> = {
  core: {
    folder: 'packages/core',
    mayImport: [],
    reason:
      'core decides and is pure: it runs in the browser, in the lab and in a property test; what it needs from outside is a port',
  },
  workspace: {
    folder: 'packages/workspace',
    mayImport: ['core', 'remote'],
    reason: 'workspace reads and writes the operator’s folder; it knows no machine kinds, phases or cluster',
  },
  remote: {
    folder: 'packages/remote',
    mayImport: ['core'],
    reason: 'remote reaches a machine and knows nothing of what is done there',
  },
  host: {
    folder: 'packages/host',
    mayImport: ['core', 'remote'],
    reason: 'host turns resources into scripts for one machine; the cluster is none of its business',
  },
  kube: {
    folder: 'packages/kube',
    mayImport: ['core'],
    reason: 'kube adapts the official client to a port; whoever has only that port must not load 60 MB of client',
  },
  'cluster-setup': {
    folder: 'packages/cluster-setup',
    mayImport: ['core', 'remote', 'host'],
    reason: 'setup depends on no other phase: it meets bare machines, so no cluster and no configuration exist yet',
  },
  'cluster-infra': {
    folder: 'packages/cluster-infra',
    mayImport: [...domain, 'cluster-setup'],
    reason: 'infra follows setup and precedes configuration, monitoring and applications',
  },
  'cluster-config': {
    folder: 'packages/cluster-config',
    mayImport: [...domain, 'cluster-infra'],
    reason: 'config follows infra; what runs on top of it must not shape the hosts from here',
  },
  'cluster-monitor-stack': {
    folder: 'packages/cluster-monitor-stack',
    mayImport: [...domain, 'cluster-config'],
    reason: 'monitoring and applications never import each other: either can be removed without the other',
  },
  'cluster-application-stack': {
    folder: 'packages/cluster-application-stack',
    mayImport: [...domain, 'cluster-config'],
    reason: 'monitoring and applications never import each other: either can be removed without the other',
  },
  'cluster-tools': {
    folder: 'packages/cluster-tools',
    mayImport: ['workspace', ...domain, ...phasePackages],
    reason: 'tools judge every phase and are imported by none, so that no phase depends on its own judge',
  },
  platform: {
    folder: 'packages/platform',
    mayImport: allButPlatform,
    reason: 'platform lists phases, roles and checks; adapters and rehearsal are composed above it',
  },
  lab: {
    folder: 'packages/lab',
    mayImport: ['core', 'remote', 'kube'],
    reason:
      'the lab implements ports; if it knew the phases, a rehearsal would prove only that two copies of one idea agree',
  },
  cli: {
    folder: 'apps/cli',
    mayImport: [...allButPlatform, 'platform', 'lab'],
    reason: 'the one composition root',
  },
};

/** Names of the packages that no production package may import, each with why. */
export const forbiddenTargets: Readonly<Record<string, string>> = {
  lab: 'the lab is a composition, not a mode: production code has no “if simulated”, so only apps/cli loads it',
  cli: 'an app is a root: nothing imports it',
  'cluster-tools': 'nothing below platform may depend on its own judge',
};
