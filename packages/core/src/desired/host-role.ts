import type { ClusterNode } from '../model/cluster.ts';
import type { PhaseName } from '../phase/phase-name.ts';
import type { Resource } from '../resource/resource.ts';
import type { Declaration } from './desired-state.ts';

/** A resource that does not come from the role itself but from a place that the operator wrote. */
export interface PlacedResource {
  readonly resource: Resource;
  /** Workspace-relative place, for example `group/common/settings.yaml: sysctl`. */
  readonly origin: string;
}

/** A role of host state: one folder of one shape (`index.ts`, `readme.md`, tests). `Context` is what the role reads besides the node. */
export interface HostRole<Context> {
  /** Also the tag that selects it. */
  readonly name: string;
  readonly title: string;
  /** What it is for, in one line of a plan. */
  readonly why: string;
  /** The earliest phase that needs it. */
  readonly phase: PhaseName;
  /** The state that the role wants on a node; pure. An empty list means that the role has nothing to say there. */
  declare(node: ClusterNode, context: Context): readonly (Resource | PlacedResource)[];
}

/** Declarations of roles on nodes, in the order of the list; `role NAME` is the origin unless the role names a place. */
export function declareRoles<Context>(
  roles: readonly HostRole<Context>[],
  nodes: readonly ClusterNode[],
  contextOf: (node: ClusterNode) => Context,
): readonly Declaration[] {
  return nodes.flatMap((node) => {
    const context = contextOf(node);
    return roles.flatMap((role) =>
      role.declare(node, context).map((declared): Declaration => {
        const base = { node: node.name, phase: role.phase, role: role.name };
        return 'resource' in declared
          ? { ...base, resource: declared.resource, origin: declared.origin }
          : { ...base, resource: declared, origin: `role ${role.name}` };
      }),
    );
  });
}
