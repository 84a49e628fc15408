import type { ClusterNode, Finding } from '@vmstation/core';
import type { MachineCapture } from '@vmstation/host';
import { type FstabEntry, parseFstab, serverOf } from './fstab.ts';
import { hostsLines } from './hosts-findings.ts';

type Part = Omit<Finding, 'node'>;

/** What is wrong with the mounts of a machine, by its fstab and by what is mounted. Pure. */
export function mountFindings(
  node: ClusterNode,
  capture: MachineCapture,
  texts: ReadonlyMap<string, string>,
): readonly Part[] {
  const entries = parseFstab(texts.get('/etc/fstab') ?? '');
  return [
    ...entries.flatMap((entry) => deviceFinding(entry, capture.devices)),
    ...unseenDevices(entries, capture.devices),
    ...selfMounts(node, capture, texts, entries),
    ...duplicatePoints(entries),
    ...entries.flatMap(waitingMount),
  ];
}

function place({ line }: FstabEntry): string {
  return `/etc/fstab:${line}`;
}

function deviceFinding(entry: FstabEntry, devices: MachineCapture['devices']): readonly Part[] {
  const { source, path, type, options } = entry;
  if (options.some((option) => option === 'bind' || option === 'rbind') || serverOf(entry) !== undefined) return [];
  const isPath = !/^(?:[A-Z]+=|\/)/.test(source) && source.includes('/') && !source.includes(':');
  if (!isPath && devices.get(source) !== false) return [];
  const lenient = options.includes('nofail') || options.includes('noauto');
  return [
    {
      code: 'adopt/fstab-missing-device',
      state: lenient ? 'warning' : 'failed',
      title: 'devices of fstab exist',
      evidence: isPath
        ? `${place(entry)}: ${source} for ${path} is no absolute path`
        : `${place(entry)}: ${source} for ${path} (${type}) does not exist`,
      tryThis: `Correct the device (lsblk -f shows them), or remove the line: at the next start the machine waits for it${lenient ? '' : ', and then ends in the emergency shell'}.`,
    },
  ];
}

function unseenDevices(entries: readonly FstabEntry[], devices: MachineCapture['devices']): readonly Part[] {
  const unseen = entries.filter(({ source }) => devices.has(source) && devices.get(source) === undefined);
  if (unseen.length === 0) return [];
  return [
    {
      code: 'adopt/fstab-missing-device',
      state: 'not-proved',
      title: 'devices of fstab exist',
      evidence: `${unseen.map(({ source }) => source).join(', ')}: the machine has no /dev/disk by which to look for it`,
    },
  ];
}

function selfMounts(
  node: ClusterNode,
  capture: MachineCapture,
  texts: ReadonlyMap<string, string>,
  entries: readonly FstabEntry[],
): readonly Part[] {
  const names = new Set([node.address, node.name, capture.hostname, 'localhost', '::1']);
  const isOwn = (host: string) => names.has(host) || host.startsWith('127.') || names.has(host.split('.')[0] ?? '');
  // Names that its own hosts file gives to its own addresses.
  for (const { address, words } of hostsLines(texts.get('/etc/hosts') ?? ''))
    if (address === node.address || /^127\.|^::1$/.test(address)) for (const word of words) names.add(word);
  const declared = entries.flatMap((entry) => {
    const server = serverOf(entry);
    return server !== undefined && isOwn(server) ? [`${place(entry)}: ${entry.source} on ${entry.path}`] : [];
  });
  const mounted = capture.mounts.flatMap((line) => {
    const [source = '', path = '', type = ''] = line.split(' ');
    const server = serverOf({ source, type });
    return server !== undefined && isOwn(server) ? [`mounted now: ${source} on ${path}`] : [];
  });
  const all = [...declared, ...mounted];
  if (all.length === 0) return [];
  return [
    {
      code: 'adopt/self-mount',
      state: 'failed',
      title: 'nothing is mounted from the machine itself',
      evidence: `${all.join('; ')}: ${node.name} mounts from itself`,
      tryThis:
        'Remove the mount and use the local path: when the server stops, it waits for itself and cannot shut down.',
    },
  ];
}

function duplicatePoints(entries: readonly FstabEntry[]): readonly Part[] {
  const real = entries.filter(({ path, type }) => path !== 'none' && path !== 'swap' && type !== 'swap');
  const groups = Map.groupBy(real, ({ path }) => path.replace(/(.)\/+$/, '$1'));
  return [...groups].flatMap(([path, all]) =>
    all.length < 2
      ? []
      : [
          {
            code: 'adopt/duplicate-mount-point' as const,
            state: 'failed' as const,
            title: 'a mount point stands once in fstab',
            evidence: `${path} stands ${all.length} times in /etc/fstab: ${all.map(({ line, source }) => `line ${line} (${source})`).join(', ')}`,
            tryThis: 'Keep one of the lines: the last one hides what the others mount.',
          },
        ],
  );
}

function waitingMount(entry: FstabEntry): readonly Part[] {
  const lenient = ['nofail', 'noauto', 'x-systemd.automount'];
  if (serverOf(entry) === undefined || entry.options.some((option) => lenient.includes(option))) return [];
  return [
    {
      code: 'adopt/mount-without-nofail',
      state: 'warning',
      title: 'a start does not wait for another machine',
      evidence: `${place(entry)}: ${entry.source} on ${entry.path} has neither nofail nor x-systemd.automount`,
      tryThis: 'Add nofail,x-systemd.automount: a server that sleeps or is away would hold the start of this machine.',
    },
  ];
}
