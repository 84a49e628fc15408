import {
  type AdoptedFile,
  type AdoptedSetting,
  type Adoption,
  adoptionRequest,
  type LeftOut,
  type LeftOutReason,
  nameOfSetting,
  proposeAdoption,
} from '@vmstation/cluster-tools';
import {
  AppError,
  type DesiredResource,
  type OverlaySettingsFile,
  resourceId,
  type Transport,
  toAppError,
} from '@vmstation/core';
import { captureMachine } from '@vmstation/host';
import { type HostFolderChange, planHostFolder, type SettingsEdit } from '@vmstation/workspace';
import { createPlatform, type Platform } from './create-platform.ts';
import type { PlatformPorts } from './platform-ports.ts';

/** What adopting a machine would write, proved against the machine. */
export interface PlannedAdoption {
  readonly adoption: Adoption;
  readonly change: HostFolderChange;
}

const mostRounds = 6;

/**
 * Captures a machine and plans its folder: what remains is sound beside everything else that is declared, and the machine is as it says. What would
 * contradict a role, shut the operator out or is not in force is left out with the reason. Two round trips mostly; changes nothing.
 * Throws node/asleep and what capturing and checking throw.
 */
export async function planAdoption(ports: PlatformPorts, transport: Transport, node: string): Promise<PlannedAdoption> {
  await requireAwake(ports, node);
  const { workspace, signal } = ports;
  const model = workspace.cluster.nodes.find(({ name }) => name === node);
  if (model === undefined) throw new RangeError(`there is no node ${node}`);
  const capture = await captureMachine(transport, node, adoptionRequest, { signal });
  const before = await createPlatform(ports, { withDiff: false });
  const proposed = proposeAdoption({ node: model, capture, desired: before.desired.nodes.get(node) ?? [] });
  return narrowed(ports, proposed);
}

async function requireAwake({ power }: PlatformPorts, node: string): Promise<void> {
  const { state, evidence } = await power.read(node);
  if (state !== 'asleep') return;
  throw new AppError({
    code: 'node/asleep',
    kind: 'unreachable',
    message: `${node} is asleep (${evidence}), so nothing of it could be read.`,
    tryThis: 'Wake it and run the same command again.',
    context: { node },
  });
}

/** Leaves out what cannot stand, until the rest does. */
async function narrowed(ports: PlatformPorts, proposed: Adoption): Promise<PlannedAdoption> {
  let adoption = proposed;
  for (let round = 0; round < mostRounds; round += 1) {
    const change = await changeOf(ports, adoption);
    const judged = await judge(ports, adoption, change);
    if (judged.length === 0) return { adoption, change };
    adoption = without(adoption, judged);
  }
  // What is still refused is refused whole: better nothing than half.
  const rest = [...adoption.files.map(({ path }) => path), ...adoption.settings.map(nameOfSetting)];
  adoption = without(
    adoption,
    rest.map((what) => ({ what, reason: 'contradicts', why: 'it does not agree with the rest of the workspace' })),
  );
  return { adoption, change: await changeOf(ports, adoption) };
}

/** Files and settings of an adoption as a change of the host's folder. */
function changeOf({ workspace }: PlatformPorts, { node, files, settings }: Adoption): Promise<HostFolderChange> {
  const present = workspace.overlays.find(({ scope }) => scope.kind === 'host' && scope.name === node);
  const known = (present?.settings.values as OverlaySettingsFile | undefined)?.files ?? {};
  return planHostFolder(workspace, node, {
    files: files.map(({ path, content, executable }) => ({ path, content, executable })),
    edits: [...files.flatMap((file) => attributeEdits(file, known[file.path])), ...settings.flatMap(settingEdits)],
  });
}

function attributeEdits(
  { path, attributes }: AdoptedFile,
  known: AdoptedFile['attributes'] | undefined,
): readonly SettingsEdit[] {
  if (Object.keys(attributes).length === 0) return known === undefined ? [] : [{ keys: ['files', path], absent: true }];
  return (['mode', 'owner', 'group'] as const).flatMap((name): readonly SettingsEdit[] => {
    const value = attributes[name];
    if (value !== undefined) return [{ keys: ['files', path, name], value }];
    return known?.[name] === undefined ? [] : [{ keys: ['files', path, name], absent: true }];
  });
}

function settingEdits(setting: AdoptedSetting): readonly SettingsEdit[] {
  switch (setting.setting) {
    case 'package':
      return [{ keys: ['packages'], with: setting.name }];
    case 'timezone':
      return [{ keys: ['timezone'], value: setting.zone }];
    case 'service':
      return Object.entries(setting.state).map(([name, value]) => ({ keys: ['services', setting.unit, name], value }));
  }
}

/** What has to be left out: what contradicts the rest, or what the machine does not have in force. */
async function judge(ports: PlatformPorts, adoption: Adoption, change: HostFolderChange): Promise<readonly LeftOut[]> {
  const { workspace } = ports;
  const others = workspace.overlays.filter(({ scope }) => scope.kind !== 'host' || scope.name !== adoption.node);
  const changed = { ...workspace, overlays: [...others, change.overlay] };
  let platform: Platform;
  try {
    platform = await createPlatform({ ...ports, workspace: changed }, { withDiff: false });
  } catch (thrown) {
    const error = toAppError(thrown);
    if (error.kind !== 'user' && error.kind !== 'refused') throw error;
    return contradicting(adoption, error);
  }
  const { node } = adoption;
  const own = (platform.desired.nodes.get(node) ?? []).filter(({ origins }) =>
    origins.some((origin) => origin.startsWith(`hosts/${node}/`)),
  );
  const check = await ports.host.check(
    node,
    own.map(({ resource }) => resource),
    { signal: ports.signal },
  );
  return own.flatMap((desired) => {
    const state = check.resources.get(resourceId(desired.resource));
    if (state === undefined || state.state === 'equal') return [];
    const said =
      state.state === 'unreadable'
        ? state.reason
        : state.differences.map(({ attribute, want, seen }) => `${attribute} is ${seen}, not ${want}`).join(', ');
    return itemsOf(adoption, desired).map((what) =>
      leave(what, 'not-in-force', `${resourceId(desired.resource)}: ${said}`),
    );
  });
}

/** The items whose places an error names; all of them when it names none. */
function contradicting(adoption: Adoption, error: AppError): readonly LeftOut[] {
  const { node, files, settings } = adoption;
  const lines = error.message.split('\n');
  const named = files.flatMap(({ path }) => {
    const place = `hosts/${node}${path}`;
    const about = lines.filter((line) =>
      line.split(/[\s,;()]+/).some((word) => word.replace(/:(?:\d+:?)?$/, '') === place),
    );
    return about.length === 0 ? [] : [leave(path, 'contradicts', told(about, node, path))];
  });
  const inSettings = lines.filter((line) => line.includes(`hosts/${node}/settings.yaml`));
  const set = settings.flatMap((setting) => {
    const about = inSettings.filter((line) => line.includes(idOf(setting)));
    return about.length === 0 ? [] : [leave(nameOfSetting(setting), 'contradicts', told(about, node))];
  });
  const found = [...named, ...set];
  if (found.length > 0) return found;
  const all = [...files.map(({ path }) => path), ...settings.map(nameOfSetting)];
  return all.map((what) => leave(what, 'contradicts', told(lines, node)));
}

/** The words of an error about one place, without what the reader knows. */
function told(lines: readonly string[], node: string, path = ''): string {
  const whole = `${path}: hosts/${node}${path} gives the whole file `;
  const words = lines.map((line) => line.trim().replace(/^- /, '').replace(`${node}: `, ''));
  const advice = words.some((line) => line.startsWith(whole))
    ? ' (bring the machine there first: vmstation setup; then adopt it again)'
    : '';
  return `${words.map((line) => line.replace(whole, '')).join('; ')}${advice}`;
}

function idOf(setting: AdoptedSetting): string {
  if (setting.setting === 'package') return `package:${setting.name}`;
  return setting.setting === 'service' ? `service:${setting.unit}` : 'timezone';
}

/** The items that a resource comes from. */
function itemsOf({ node, files, settings }: Adoption, { resource, origins }: DesiredResource): readonly string[] {
  const places = new Set(origins.map((origin) => origin.replace(/:\d+$/, '')));
  const id = resourceId(resource);
  return [
    ...files.filter(({ path }) => places.has(`hosts/${node}${path}`)).map(({ path }) => path),
    ...settings
      .filter((setting) => idOf(setting) === id || (idOf(setting) === 'timezone' && resource.kind === 'timezone'))
      .map(nameOfSetting),
  ];
}

function leave(what: string, reason: LeftOutReason, why: string): LeftOut {
  return { what, reason, why };
}

/** An adoption without some of its items; the state of a unit goes with the unit's file. */
function without(adoption: Adoption, leftOut: readonly LeftOut[]): Adoption {
  const names = new Set(leftOut.map(({ what }) => what));
  const files = adoption.files.filter(({ path }) => !names.has(path));
  const units = new Set(files.map(({ path }) => path));
  const settings = adoption.settings.filter(
    (setting) =>
      !names.has(nameOfSetting(setting)) &&
      (setting.setting !== 'service' || units.has(`/etc/systemd/system/${setting.unit}`)),
  );
  const merged = new Map([...adoption.leftOut, ...leftOut].map((one) => [one.what, one]));
  return { ...adoption, files, settings, leftOut: [...merged.values()] };
}
