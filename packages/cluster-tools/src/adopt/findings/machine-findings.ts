import type { ClusterNode, Finding } from '@vmstation/core';
import type { MachineCapture } from '@vmstation/host';
import type { AdoptedFile } from '../adoption.ts';
import { hostsFindings } from './hosts-findings.ts';
import { mountFindings } from './mount-findings.ts';
import { sshdFindings } from './sshd-findings.ts';

type Part = Omit<Finding, 'node'>;

/** What is wrong with a machine, by what was captured of it: named, with evidence and remedy. Pure; no finding means that nothing was found. */
export function machineFindings(
  node: ClusterNode,
  capture: MachineCapture,
  files: readonly AdoptedFile[],
): readonly Finding[] {
  const texts = new Map(
    capture.files.flatMap(({ path, bytes }) => (bytes === undefined ? [] : [[path, new TextDecoder().decode(bytes)]])),
  );
  const parts: readonly Part[] = [
    ...mountFindings(node, capture, texts),
    ...hostsFindings(texts.get('/etc/hosts') ?? ''),
    ...sshdFindings(node, texts),
    ...worldWritable(capture, files),
    ...swapFindings(capture),
    ...timeFindings(capture),
    ...unitFindings(capture),
  ];
  return parts.map((part) => ({ ...part, node: node.name }));
}

function worldWritable(capture: MachineCapture, files: readonly AdoptedFile[]): readonly Part[] {
  const taken = new Set(files.map(({ path }) => path));
  const open = capture.files.filter(
    ({ path, mode, type }) => type === 'file' && taken.has(path) && (Number.parseInt(mode, 8) & 0o002) !== 0,
  );
  return open.map(({ path, mode }) => ({
    code: 'adopt/world-writable',
    state: 'failed',
    title: 'only its owner writes a configuration file',
    evidence: `${path} has the mode ${mode}: every user of the machine may change it`,
    tryThis: `On the machine: chmod o-w ${path}. Then adopt it again.`,
  }));
}

function swapFindings({ swaps }: MachineCapture): readonly Part[] {
  if (swaps.length === 0) return [];
  const names = swaps.map((line) => {
    const [name = '', , kib = '0'] = line.split(/\s+/);
    return `${name} (${Math.round(Number(kib) / 1024)} MiB)`;
  });
  return [
    {
      code: 'adopt/swap-on',
      state: 'warning',
      title: 'swap is off',
      evidence: `swap is on: ${names.join(', ')}`,
      tryThis: 'Kubernetes wants it off; `vmstation setup nodes` switches it off and takes it out of fstab.',
    },
  ];
}

function timeFindings({ synchronised }: MachineCapture): readonly Part[] {
  const base = { code: 'adopt/time-not-synchronised', title: 'the clock follows a time server' } as const;
  if (!synchronised.told)
    return [{ ...base, state: 'unreadable', evidence: `timedatectl did not say it: ${synchronised.because}` }];
  if (synchronised.value) return [];
  return [
    {
      ...base,
      state: 'failed',
      evidence: 'timedatectl says NTPSynchronized=no',
      tryThis:
        'On the machine: chronyc sources -v (or timedatectl timesync-status) shows why; the role ntp sets chrony up.',
    },
  ];
}

function unitFindings({ failedUnits }: MachineCapture): readonly Part[] {
  const base = { code: 'adopt/failed-unit', title: 'no unit has failed' } as const;
  if (!failedUnits.told)
    return [{ ...base, state: 'unreadable', evidence: `systemctl did not list them: ${failedUnits.because}` }];
  return failedUnits.value.map((unit) => ({
    ...base,
    state: 'failed',
    evidence: `${unit} has failed`,
    tryThis: `On the machine: systemctl status ${unit}; journalctl -u ${unit}. Mend it, or systemctl disable --now ${unit}.`,
  }));
}
