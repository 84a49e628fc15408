import { faultOfFile, type LocatedFault } from './located-fault.ts';
import { type FileFaultCodes, readTextFiles } from './read-folder.ts';

/** Dashboards of the workspace as read. */
export interface ReadDashboards {
  readonly dashboards: readonly { readonly name: string; readonly text: string }[];
  readonly faults: readonly LocatedFault[];
}

const fileCodes: FileFaultCodes = {
  unsafePath: 'dashboard/invalid',
  unsafeLink: 'dashboard/invalid',
  binaryFile: 'dashboard/invalid',
  tooLarge: 'dashboard/invalid',
};

/** Reads `dashboards/*.json`. */
export async function readDashboards(root: string): Promise<ReadDashboards> {
  const found = await readTextFiles(root, 'dashboards', fileCodes);
  const faults = [...found.faults];
  const dashboards: { name: string; text: string }[] = [];
  for (const file of found.files) {
    const name = file.parts.join('/');
    if (name === 'README.md') continue;
    const fault = dashboardFault(file.origin, file.parts, file.content);
    if (fault === undefined) dashboards.push({ name, text: file.content });
    else faults.push(fault);
  }
  return { dashboards, faults };
}

function dashboardFault(origin: string, parts: readonly string[], text: string): LocatedFault | undefined {
  const refuse = (message: string, tryThis: string): LocatedFault =>
    faultOfFile('dashboard/invalid', origin, message, tryThis);
  if (parts.length > 1 || !origin.endsWith('.json')) {
    return refuse('dashboards/ takes Grafana dashboards as .json files, without folders.', 'Move or remove the file.');
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return refuse(
      `This is no JSON: ${error instanceof Error ? error.message : String(error)}.`,
      'Export the dashboard from Grafana again.',
    );
  }
  const title = typeof value === 'object' && value !== null ? (value as { title?: unknown }).title : undefined;
  if (typeof title === 'string' && title !== '') return undefined;
  return refuse('This is not a Grafana dashboard: it has no title.', 'Export it with Share, Export, Save to file.');
}
