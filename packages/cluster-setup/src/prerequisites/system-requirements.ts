import type { ClusterNode, NodeFacts } from '@vmstation/core';
import { failed, ok, type Requirement, type RequirementSubject, type Verdict, warning } from './requirement.ts';

/** kube-proxy's nftables mode needs it (Kubernetes: "kernel 5.13 or later"). */
export const minimumKernel = [5, 13] as const;
/** What the ansible-core of the pinned Kubespray release accepts on a managed node. */
export const minimumPython = [3, 9] as const;
/** Seconds from the median clock. */
export const clockSkewLimits = { warning: 2, failed: 30 } as const;

const rhelLike = ['rhel', 'rocky', 'almalinux', 'centos', 'ol'];
const ownKubernetes = /kubeadm|kubespray|kubelet/i;

const operatingSystem: Requirement = {
  code: 'setup/operating-system',
  title: 'the operating system is the one of the model',
  judge: ({ node, facts }) =>
    isModelsOs(node, facts)
      ? ok(facts.osName)
      : failed(
          `${facts.osName} (${facts.osId} ${facts.osVersion}), the model says ${node.os}`,
          `Correct nodes.${node.name}.os, or install ${node.os}.`,
        ),
};

function isModelsOs(node: ClusterNode, facts: NodeFacts): boolean {
  const [family = '', major = ''] = node.os.split('-');
  const sameFamily = family === 'rhel' ? rhelLike.includes(facts.osId) : facts.osId === family;
  return sameFamily && facts.osVersion.split('.')[0] === major;
}

const kernel: Requirement = {
  code: 'setup/kernel',
  title: `Linux ${minimumKernel.join('.')} or later`,
  judge: ({ facts }) =>
    isAtLeast(facts.kernel, minimumKernel)
      ? ok(facts.kernel)
      : failed(facts.kernel, 'Install the current kernel of the distribution and reboot.'),
};

const systemd: Requirement = {
  code: 'setup/systemd',
  title: 'systemd runs the machine',
  judge: ({ facts }) =>
    facts.hasSystemd
      ? ok('systemd is the first process')
      : failed('something else than systemd runs as the first process', 'Boot the machine with systemd.'),
};

const python: Requirement = {
  code: 'setup/python',
  title: `Python ${minimumPython.join('.')} or later for Ansible`,
  judge: ({ facts }) => {
    if (facts.pythonVersion === undefined) {
      return warning('no python3', 'Nothing: the role dependencies installs it in this phase.');
    }
    if (isAtLeast(facts.pythonVersion, minimumPython)) return ok(facts.pythonVersion);
    return failed(facts.pythonVersion, `Install python3 ${minimumPython.join('.')} or later as /usr/bin/python3.`);
  },
};

const clock: Requirement = {
  code: 'node/clock-skew',
  title: 'the clock agrees with the others',
  judge: judgeClock,
};

function judgeClock({ clockSkewSeconds: skew, timeIsServed }: RequirementSubject): Verdict {
  if (skew === undefined) return { state: 'unreadable', evidence: 'the clock could not be read' };
  const seconds = Math.abs(skew);
  const evidence = `${seconds.toFixed(1)} s ${skew < 0 ? 'behind' : 'ahead of'} the median of the nodes and this computer`;
  if (seconds <= clockSkewLimits.warning) return ok(evidence);
  if (!timeIsServed) return warning(evidence, 'Nothing: the role ntp sets the clock in this phase.');
  const tryThis =
    'Look at `chronyc tracking` and `chronyc sources` on the node; `chronyc makestep` sets the clock at once.';
  return seconds > clockSkewLimits.failed ? failed(evidence, tryThis) : warning(evidence, tryThis);
}

const rootLogin: Requirement = {
  code: 'setup/root-by-password',
  title: 'root does not log in by password',
  judge: ({ facts }) =>
    facts.rootByPassword
      ? warning('sshd accepts passwords for root', 'Nothing: the role ssh ends it in the phase config.')
      : ok('sshd takes no password for root'),
};

const otherKubernetes: Requirement = {
  code: 'setup/other-kubernetes',
  title: 'no Kubernetes of another make runs',
  judge: ({ node, facts }) => {
    if (facts.kubernetes === undefined) return ok('none runs');
    if (ownKubernetes.test(facts.kubernetes)) return ok(facts.kubernetes);
    return warning(
      `${facts.kubernetes} runs here`,
      `The phase infra refuses to install over it: remove it from ${node.name}, or take the node out of the cluster file.`,
    );
  },
};

const swap: Requirement = {
  code: 'setup/swap',
  title: 'no swap',
  judge: ({ facts }) =>
    facts.swapMiB === 0
      ? ok('none')
      : warning(`${facts.swapMiB} MiB of swap`, 'Nothing: the role node-preparation switches it off in this phase.'),
};

/** What the installed system must be. */
export const systemRequirements: readonly Requirement[] = [
  operatingSystem,
  kernel,
  systemd,
  python,
  clock,
  swap,
  rootLogin,
  otherKubernetes,
];

function isAtLeast(version: string, minimum: readonly [number, number]): boolean {
  const [major = 0, minor = 0] = version.split(/[^0-9]+/).map(Number);
  return major > minimum[0] || (major === minimum[0] && minor >= minimum[1]);
}
