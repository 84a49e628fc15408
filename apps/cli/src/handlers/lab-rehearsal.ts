import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Cluster, canonicalJson } from '@vmstation/core';
import { type LabPaths, labPaths, resetLab, stopLab } from '@vmstation/lab';
import { openWorkspace } from '@vmstation/workspace';
import type { Invocation } from '../command/invocation.ts';
import {
  type RehearsalCopy,
  refreshRehearsal,
  rehearsedRoot,
  usualRehearsalFolder,
} from '../compose/rehearsal-folder.ts';
import { count } from '../render/layout.ts';
import { mark } from '../render/style.ts';

/** A rehearsal that is ready for its lab. */
export interface Rehearsal extends RehearsalCopy {
  /** Why its machines are bare again, or undefined when they are as the last rehearsal left them. */
  readonly bareBecause: string | undefined;
}

/**
 * With `--from`: copies the operator's workspace into its rehearsal; undefined without. A workspace with faults is refused at its own place.
 * Throws lab/nothing-to-rehearse, workspace/faulty, and what {@link refreshRehearsal} throws.
 */
export async function prepareRehearsal(invocation: Invocation): Promise<Rehearsal | undefined> {
  const { io, global, errStyle } = invocation;
  const given = invocation.option('from');
  if (given === undefined) return undefined;
  const from = await rehearsedRoot(resolve(io.workingDirectory, given));
  const { cluster } = await openWorkspace(from, { color: errStyle.paint.bad('') !== '' });
  const folder =
    global.workspace === undefined
      ? usualRehearsalFolder(from, io.env)
      : resolve(io.workingDirectory, global.workspace);
  const copy = await refreshRehearsal(from, folder);
  return { ...copy, bareBecause: await fitMachines(labPaths(copy.folder), cluster) };
}

/** What the operator is told besides that the lab runs. */
export function renderRehearsal(rehearsal: Rehearsal, invocation: Invocation): string {
  const { folder, from, isNew, copied, removed, setAside, skipped, bareBecause } = rehearsal;
  const { style } = invocation;
  const changes = [
    `${count(copied.length, 'file')} copied`,
    ...(removed.length > 0 ? [`${removed.length} removed`] : []),
  ];
  const what = isNew
    ? changes.join(', ')
    : copied.length + removed.length === 0
      ? 'nothing changed'
      : changes.join(', ');
  const notes = [
    ...(setAside === undefined ? [] : [`changed here since, now in ${setAside.folder}: ${setAside.files.join(', ')}`]),
    ...(skipped.length === 0 ? [] : [`no part of a workspace, left out: ${skipped.join(', ')}`]),
    ...(bareBecause === undefined ? [] : [`the machines are bare again: ${bareBecause}`]),
  ];
  return [
    `${mark('unchanged', style)} ${from} is rehearsed in ${folder}: ${what}`,
    ...notes.map((note) => `  ${note}`),
    `  Now: vmstation -w ${folder} up`,
    '',
  ].join('\n');
}

/** Machines of the last rehearsal fit when each is still in the model as it was; new ones are made beside them. */
async function fitMachines(paths: LabPaths, cluster: Cluster): Promise<string | undefined> {
  if (!existsSync(paths.modelFile)) return undefined;
  const old = JSON.parse(readFileSync(paths.modelFile, 'utf8')) as Cluster;
  const [before, now] = [machinesOf(old), machinesOf(cluster)];
  const changed = [...before].filter(([name, machine]) => now.get(name) !== machine).map(([name]) => name);
  // A running lab plays the model that it was started with.
  if (canonicalJson(old) !== canonicalJson(cluster)) await stopLab(paths);
  if (changed.length === 0) return undefined;
  await resetLab(paths);
  return `${changed.join(', ')} changed in the cluster file`;
}

/** What a machine is made from, by name. */
function machinesOf({ nodes, network, domain }: Cluster): ReadonlyMap<string, string> {
  const shared = { nodes: network.nodes, gateway: network.gateway, domain };
  return new Map(
    nodes.map(({ name, address, os, mac, ssh }) => [name, canonicalJson({ address, os, mac, user: ssh.user, shared })]),
  );
}
