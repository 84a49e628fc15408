/** Which distribution a machine shows. */
export type Face = 'debian-12' | 'rhel-10';

/** One network card of a machine. */
export interface NicSpec {
  /** Interface name, e.g. `enp1s0`. */
  name: string;
  /** Hardware address, six colon-separated pairs in lower case. */
  mac: string;
  /** IPv4 address that the model gives the machine, without prefix. Nothing listens there: the lab is on loopback. */
  ip: string;
  /** Network prefix length, 24 unless given. */
  prefixLength?: number;
  gateway?: string;
}

/** One further disk, empty unless a file system is named. */
export interface DiskSpec {
  /** Kernel name, e.g. `sdb`. */
  name: string;
  sizeGib: number;
  /** File system on the whole disk, if it has one. */
  fileSystem?: { type: 'ext4' | 'xfs'; uuid: string; label?: string };
}

/** How the operator may become root. */
export type SudoRule = 'nopasswd' | 'password' | 'none';

/** A bare machine, freshly installed. Everything has a believable default but its name and the operator's keys. */
export interface MachineSpec {
  /** Host name without domain; also the machine's key in its store and network. */
  name: string;
  face: Face;
  /** Another release of the face's family: it says so of itself, its packages are the face's. */
  release?: 'debian-13' | 'rhel-9';
  nics: NicSpec[];
  cpus?: number;
  memoryMib?: number;
  rootDiskGib?: number;
  disks?: DiskSpec[];
  /** Account that logs in over SSH. */
  operator?: {
    name?: string;
    /** Lines of authorized_keys. */
    authorizedKeys: string[];
    sudo?: SudoRule;
    /** For `sudo -S`; without one a password is never accepted. */
    password?: string;
  };
  /** IANA zone of the fresh install; `Etc/UTC` unless given. */
  timezone?: string;
  domain?: string;
  /** How far the machine's clock is from the lab's, in milliseconds. */
  clockOffsetMs?: number;
  /** Size of the swap that a fresh install has, in MiB; 0 for none, 1024 unless given. */
  swapMib?: number;
  /** Commands that fail to exist on this machine although its face has them, for tests of awkward hosts. */
  withoutPrograms?: string[];
}

/** Time as the lab sees it. */
export interface LabClock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Resolves after so many milliseconds of lab time. */
  sleep(milliseconds: number): Promise<void>;
}

/** The real clock. Its sleepers do not keep the process alive. */
export const realClock: LabClock = {
  now: () => Date.now(),
  sleep: (milliseconds) =>
    new Promise((resolve) => {
      setTimeout(resolve, Math.min(milliseconds, 2 ** 31 - 1)).unref();
    }),
};

/** Finds the other machines of the same laboratory, for NFS, ping and the like. */
export interface LabNetwork {
  /** The machine that has this address or name, if there is one and it is on. */
  find(addressOrName: string): NetworkPeer | undefined;
}

/** What a machine can see of another one over the network. */
export interface NetworkPeer {
  readonly name: string;
  /** A directory that the peer exports by NFS to this client address, or undefined. */
  exportedDirectory(path: string, client: string): import('../disk/inode.ts').Inode | undefined;
  /** Whether something on the peer listens at this TCP port. */
  listens(port: number): boolean;
}

/** What happens after so many steps: programs that changed something. */
export interface StepFault {
  readonly what: 'cut' | 'reboot' | 'clock-jump';
  readonly afterSteps: number;
  /** How often; Infinity for each time. */
  readonly times: number;
  /** Of a reboot: how long SSH stays away. */
  readonly downMs?: number;
  /** Of a jump. */
  readonly seconds?: number;
}

/** Faults that can be switched on at any time; all off by default. Times that have passed are kept by the machine, not here. */
export interface MachineFaults {
  /** Connections are refused. */
  unreachable?: boolean;
  /** Connections are accepted and nothing is ever said. */
  silent?: boolean;
  /** Each way; without a number of bytes a second there is no limit. */
  slowWire?: { latencyMs: number; bytesPerSecond?: number };
  /** A connection dies after so many bytes, both ways counted. */
  cutAfterBytes?: { bytes: number; times: number };
  /** Milliseconds added to each command. */
  slowMs?: number;
  /** Commands and redirections that would change something exit 0 and change nothing. */
  liar?: boolean;
  /** sudo refuses the operator. */
  noSudo?: boolean;
  /** Suspending exits 0 and the machine stays up. */
  lyingSuspend?: boolean;
  /** Units (by name) that die so many seconds after their start; 0: they do not start. */
  unitDiesAfterSeconds?: Record<string, number>;
  /** Units (by name) that die and come back after so many seconds each. */
  unitFlapsSeconds?: Record<string, number>;
  /** Mount points of file systems with no space left. */
  diskFull?: readonly string[];
  /** Mount points of file systems that cannot be written. */
  readOnly?: readonly string[];
  /** Milliseconds that the clock is ahead. */
  clockSkewMs?: number;
  /** Packages cannot be installed or removed: the database is broken. */
  brokenPackages?: boolean;
  /** Another program holds the package manager's lock, for so many seconds or until this is switched off. */
  packageLock?: { seconds?: number };
  /** What happens in the middle of a change. */
  atSteps?: readonly StepFault[];
}
