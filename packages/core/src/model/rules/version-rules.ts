import { type KubesprayRelease, kubesprayReleases } from '../default-versions.ts';
import { durationDays } from '../duration.ts';
import type { DocumentPath, Fault } from '../fault.ts';
import { fault, type Rule } from './rule.ts';

const lockFile = 'versions.lock';

function minorOf(version: string): number {
  return Number(version.split('.')[1]);
}

/** The minor version in the file is the one that is locked. */
export const lockMatchesFile: Rule = ({ file, versions }) => {
  const wanted = file.cluster.kubernetes;
  if (wanted === undefined || minorOf(wanted) === minorOf(versions.kubernetes)) return [];
  return [
    fault(
      'cluster-file/lock-mismatch',
      ['cluster', 'kubernetes'],
      `cluster.kubernetes says ${wanted}, and versions.lock has ${versions.kubernetes}.`,
      'Change both, or leave cluster.kubernetes out: the lock is what is installed.',
    ),
  ];
};

/** The installer can install that Kubernetes. An installer that is not in our table is judged by its own checkout, later. */
export const installerKnowsKubernetes: Rule = ({ versions }) => {
  const release = kubesprayReleases.find((candidate) => candidate.release === versions.kubespray.release);
  if (release === undefined) return [];
  const { from, to } = release.kubernetes;
  const minor = minorOf(versions.kubernetes);
  if (minor < from || minor > to) {
    return [
      fault(
        'cluster-file/unsupported-combination',
        ['kubernetes'],
        `Kubespray ${release.release} installs Kubernetes 1.${from} to 1.${to}, not ${versions.kubernetes}.`,
        otherRelease(minor) ?? `Choose a version of 1.${from} to 1.${to}.`,
        { document: lockFile, related: ['kubespray', 'release'] },
      ),
    ];
  }
  const newest = release.newestPatch[minor];
  if (newest === undefined || Number(versions.kubernetes.split('.')[2]) <= newest) return [];
  const message = `Kubespray ${release.release} has no checksums for Kubernetes ${versions.kubernetes}; its newest of that line is 1.${minor}.${newest}.`;
  return [
    fault('cluster-file/unsupported-combination', ['kubernetes'], message, `Lock 1.${minor}.${newest}.`, {
      document: lockFile,
    }),
  ];
};

function otherRelease(minor: number): string | undefined {
  const able = (release: KubesprayRelease): boolean =>
    minor >= release.kubernetes.from && minor <= release.kubernetes.to;
  const release = kubesprayReleases.find(able);
  return release === undefined
    ? undefined
    : `Kubespray ${release.release} can; or choose another version of Kubernetes.`;
}

/** RHEL 10 needs an installer that lists it (Kubespray v2.30.0 on), with a Kubernetes that it installs there. */
export const rhel10IsSupported: Rule = ({ file, versions }) => {
  const nodes = Object.entries(file.nodes).filter(([, node]) => node.os === 'rhel-10');
  if (nodes.length === 0) return [];
  const release = kubesprayReleases.find((candidate) => candidate.release === versions.kubespray.release);
  const minor = minorOf(versions.kubernetes);
  const oldInstaller = release !== undefined && !release.rhel10;
  if (!oldInstaller && minor >= 33) return [];
  const why = oldInstaller
    ? `Kubespray ${versions.kubespray.release} does not know RHEL 10`
    : `no Kubespray release that knows RHEL 10 is proven with Kubernetes ${versions.kubernetes}`;
  return nodes.map(([name]) =>
    fault(
      'cluster-file/unsupported-combination',
      ['nodes', name, 'os'],
      `${name} has RHEL 10, and ${why}.`,
      'Lock Kubespray v2.31.0 with Kubernetes 1.33 to 1.35, or install RHEL 9 or Debian on that node.',
    ),
  );
};

/** Data is kept for whole days: that is what log rotation and retention count in. */
export const keepIsWholeDays: Rule = ({ file }) => {
  const { syslog } = file.services;
  const periods: readonly (readonly [DocumentPath, string | undefined])[] = [
    [['services', 'syslog', 'keep'], syslog === 'off' ? undefined : syslog.keep],
    [['system', 'journal', 'keep'], file.system.journal.keep],
    [['monitoring', 'prometheus', 'keep'], file.monitoring.prometheus.keep],
    [['monitoring', 'loki', 'keep'], file.monitoring.loki.keep],
  ];
  return periods.flatMap(([path, text]): readonly Fault[] => {
    if (text === undefined || durationDays(text) !== undefined) return [];
    const message = `${text} is not a whole number of days, in which ${path[1] === 'syslog' ? 'log rotation' : 'retention'} counts.`;
    return [fault('cluster-file/invalid-value', path, message, 'Write days, for example 30d.')];
  });
};
