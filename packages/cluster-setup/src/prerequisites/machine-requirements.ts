import { failed, ok, type Requirement, type RequirementSubject, type Verdict, warning } from './requirement.ts';

/** Cores that kubeadm asks for. */
export const minimumCpus = 2;
/**
 * MiB that Linux must show. A machine with 2 GiB shows about 1900, as firmware and kernel keep some: the limits are the round
 * figures (2048 for a control plane, 1024 for a worker) less an eighth.
 */
export const minimumMemoryMiB = { controlPlane: 1792, worker: 896 } as const;
/** Free MiB on the root file system: below `failed` nothing is installed, below `warning` it is said. */
export const minimumDiskMiB = { failed: 10 * 1024, warning: 20 * 1024 } as const;

const architectures = ['x86_64', 'amd64', 'aarch64', 'arm64'];

const cpus: Requirement = {
  code: 'setup/cpus',
  title: `at least ${minimumCpus} processor cores`,
  judge: ({ facts }) =>
    facts.cpus >= minimumCpus
      ? ok(`${facts.cpus} cores`)
      : failed(
          `${facts.cpus} ${facts.cpus === 1 ? 'core' : 'cores'}`,
          'Give the machine more cores, or take it out of the cluster file.',
        ),
};

const memory: Requirement = {
  code: 'setup/memory',
  title: 'enough memory',
  judge: ({ node, facts }) => {
    const isControlPlane = node.roles.includes('control-plane');
    const limit = isControlPlane ? minimumMemoryMiB.controlPlane : minimumMemoryMiB.worker;
    if (facts.memoryMiB >= limit) return ok(`${facts.memoryMiB} MiB`);
    const role = isControlPlane ? 'a control plane' : 'a worker';
    return failed(
      `${facts.memoryMiB} MiB, ${role} needs ${limit} MiB`,
      isControlPlane ? 'Add memory, or make another node the control plane.' : 'Add memory.',
    );
  },
};

const disk: Requirement = {
  code: 'setup/disk',
  title: 'enough free disk',
  judge: ({ facts }) => {
    const { freeDiskMiB: free } = facts;
    const seen = `${(free / 1024).toFixed(1)} GiB free on the root file system`;
    if (free >= minimumDiskMiB.warning) return ok(seen);
    const tryThis = 'Free some space or enlarge the root file system: images and logs need 20 GiB and more.';
    // The limit is for installing. What runs already fills its disk, and monitoring watches that.
    if (free >= minimumDiskMiB.failed || facts.kubernetes !== undefined) return warning(seen, tryThis);
    return failed(seen, tryThis);
  },
};

const architecture: Requirement = {
  code: 'setup/architecture',
  title: 'a processor that the images are made for',
  judge: ({ facts }) =>
    architectures.includes(facts.architecture)
      ? ok(facts.architecture)
      : failed(
          `${facts.architecture} (images are made for ${architectures.join(', ')})`,
          'Take the machine out of the cluster file.',
        ),
};

const mac: Requirement = {
  code: 'setup/mac',
  title: 'the MAC address of the model is on the machine',
  judge: judgeMac,
};

function judgeMac({ node, facts }: RequirementSubject): Verdict {
  if (node.mac === undefined) return ok('the model names none');
  if (facts.macs.length === 0) return { state: 'unreadable', evidence: 'no MAC address could be read' };
  const wanted = node.mac.toLowerCase().replaceAll('-', ':');
  if (facts.macs.includes(wanted)) return ok(wanted);
  return failed(
    `${wanted} is not among ${facts.macs.join(', ')}`,
    `Is ${node.address} really ${node.name}? If so, correct nodes.${node.name}.mac: the wake packet would go nowhere.`,
  );
}

/** What the hardware must be. */
export const machineRequirements: readonly Requirement[] = [architecture, cpus, memory, disk, mac];
