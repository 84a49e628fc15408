import { AppError, blockOf, hostStepId, type Secrets, type Workspace } from '@vmstation/core';
import { type ManifestSet, manifestSet, manifestStepId } from '@vmstation/kube';
import type { MonitorComponent } from './components/component.ts';
import { componentsFor } from './components/index.ts';
import { monitoringDataRole } from './declare-monitor-stack.ts';

/** What the sets are rendered from. */
export interface MonitorRendering {
  readonly workspace: Pick<Workspace, 'cluster' | 'dashboards'>;
  readonly secrets: Pick<Secrets, 'get'>;
}

/** What was rendered last of a workspace: looking, planning, applying and judging want the same. */
const rendered = new WeakMap<MonitorRendering['workspace'], Rendered>();

interface Rendered {
  readonly secrets: MonitorRendering['secrets'];
  readonly sets: Promise<readonly ManifestSet[]>;
}

/** One set a component. A component whose secret or dashboard is faulty is blocked, and does not stop the others. */
export async function monitorSets(rendering: MonitorRendering): Promise<readonly ManifestSet[]> {
  const { workspace, secrets } = rendering;
  const known = rendered.get(workspace);
  if (known?.secrets === secrets) return known.sets;
  const sets = Promise.all(componentsFor(workspace.cluster).map((component) => setOf(component, rendering)));
  rendered.set(workspace, { secrets, sets });
  // What was blocked may be mended while we run.
  const whole = await sets.then((all) => all.every((set) => set.blockedBy === undefined)).catch(() => false);
  if (!whole) rendered.delete(workspace);
  return sets;
}

async function setOf(component: MonitorComponent, { workspace, secrets }: MonitorRendering): Promise<ManifestSet> {
  const { cluster, dashboards } = workspace;
  const parts = {
    phase: 'monitor-stack',
    name: component.name,
    title: component.title,
    why: component.why,
    node: component.everywhere === true ? undefined : cluster.monitoring.node,
    needs: needsOf(component, cluster.monitoring.node),
  } as const;
  try {
    return manifestSet({ ...parts, objects: await component.objects({ cluster, secrets, dashboards }) });
  } catch (thrown) {
    if (!(thrown instanceof AppError)) throw thrown;
    return { ...parts, objects: [], blockedBy: blockOf(thrown) };
  }
}

function needsOf(component: MonitorComponent, node: string): readonly string[] {
  if (component.name === 'base') return [];
  const data = hostStepId('monitor-stack', monitoringDataRole, node, undefined);
  return [manifestStepId('monitor-stack', 'base'), ...(component.data === undefined ? [] : [data])];
}
