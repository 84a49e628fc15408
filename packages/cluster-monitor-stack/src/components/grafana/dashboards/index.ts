import { AppError } from '@vmstation/core';
import { type Dashboard, dashboardJson } from './dashboard.ts';
import { fleet } from './fleet.ts';
import { logs } from './logs.ts';
import { node } from './node.ts';

/** The dashboards that come with the product. */
export const ownDashboards: readonly Dashboard[] = [fleet, node, logs];

/** A dashboard file: its name without `.json`, and its JSON text. */
export interface DashboardFile {
  readonly name: string;
  readonly text: string;
}

/** What a ConfigMap can hold, as the API server limits it. */
const mostBytes = 1_000_000;

/**
 * The own dashboards and those of the workspace. A file of the workspace replaces ours of the same uid. Throws
 * monitoring/bad-dashboard for text that is no dashboard or too large.
 */
export function dashboardFiles(workspace: readonly DashboardFile[]): readonly DashboardFile[] {
  const given = workspace.map(checked);
  const taken = new Set(given.map(({ uid }) => uid));
  const own = ownDashboards
    .filter(({ uid }) => !taken.has(uid))
    .map((dashboard) => ({ name: dashboard.uid, text: dashboardJson(dashboard) }));
  return [...own, ...given.map(({ name, text }) => ({ name, text }))];
}

function checked(file: DashboardFile): DashboardFile & { readonly uid: string | undefined } {
  const name = file.name.replace(/\.json$/, '');
  if (Buffer.byteLength(file.text) > mostBytes) throw bad(file.name, 'it is larger than 1 MB');
  let parsed: unknown;
  try {
    parsed = JSON.parse(file.text);
  } catch (cause) {
    throw bad(file.name, `it is not JSON: ${cause instanceof Error ? cause.message : String(cause)}`, cause);
  }
  const dashboard = parsed as { title?: unknown; uid?: unknown } | null;
  if (typeof dashboard !== 'object' || typeof dashboard?.title !== 'string') throw bad(file.name, 'it has no title');
  return { name, text: file.text, uid: typeof dashboard.uid === 'string' ? dashboard.uid : undefined };
}

function bad(name: string, why: string, cause?: unknown): AppError {
  return new AppError({
    code: 'monitoring/bad-dashboard',
    kind: 'user',
    message: `dashboards/${name} is no Grafana dashboard: ${why}.`,
    tryThis: 'Export it from Grafana again (Share, Export, Save to file), or remove it.',
    context: { file: `dashboards/${name}` },
    cause,
  });
}
