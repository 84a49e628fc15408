/** Where a fault sits: in a machine, in the connection to it, or in the Kubernetes API and what runs behind it. */
export type FaultSubject = 'node' | 'wire' | 'api';

/** One value that a fault takes, written `name=value`; the first may be written without its name. */
export interface FaultParameter {
  /** With its unit, as `latency-ms`. */
  readonly name: string;
  /** `count`: 1 or more, or `always`; `amount`: a number from 0; `number`: any number; `word`: text without spaces; `path`: an absolute path. */
  readonly reads: 'count' | 'amount' | 'number' | 'word' | 'path';
  /** Taken when it is not given. Without one, and not required, it is left out. */
  readonly default?: string | number;
  readonly required?: true;
  readonly meaning: string;
}

/** One thing that can go wrong on request. */
export interface FaultKind {
  readonly kind: string;
  readonly subject: FaultSubject;
  readonly meaning: string;
  readonly parameters: readonly FaultParameter[];
}

const times = (by: string | number): FaultParameter => ({
  name: 'times',
  reads: 'count',
  default: by,
  meaning: 'how often, then the fault is over',
});

/**
 * Everything that can go wrong in the lab on request. A step, wherever one is counted, is one program that changed something on the
 * machine (`mv`, `apt-get install`, `systemctl restart`…); looking is none.
 */
export const faultKinds = [
  { kind: 'unreachable', subject: 'wire', meaning: 'connections are refused, open ones break', parameters: [] },
  { kind: 'silent', subject: 'wire', meaning: 'connections are taken and nothing is ever said', parameters: [] },
  {
    kind: 'slow',
    subject: 'wire',
    meaning: 'every byte is late, and few at a time',
    parameters: [
      { name: 'latency-ms', reads: 'amount', default: 250, meaning: 'added each way' },
      { name: 'bytes-per-second', reads: 'count', default: 'always', meaning: 'each way; `always` is no limit' },
    ],
  },
  {
    kind: 'cut',
    subject: 'wire',
    meaning: 'the connection dies in the middle',
    parameters: [
      { name: 'after-bytes', reads: 'amount', meaning: 'of one connection, both ways; counted only when given' },
      { name: 'after-steps', reads: 'amount', meaning: 'counted only when given; 1 when neither is' },
      times(1),
    ],
  },
  {
    kind: 'slow-commands',
    subject: 'node',
    meaning: 'each program takes longer',
    parameters: [{ name: 'ms', reads: 'amount', default: 500, meaning: 'added to each' }],
  },
  {
    kind: 'disk-full',
    subject: 'node',
    meaning: 'not one byte more fits on a file system',
    parameters: [{ name: 'mount', reads: 'path', default: '/', meaning: 'where it is mounted' }],
  },
  {
    kind: 'read-only',
    subject: 'node',
    meaning: 'a file system is read-only, as after an error of its disk',
    parameters: [{ name: 'mount', reads: 'path', default: '/', meaning: 'where it is mounted' }],
  },
  {
    kind: 'clock-skew',
    subject: 'node',
    meaning: 'the clock is wrong as long as the fault is there',
    parameters: [{ name: 'seconds', reads: 'number', default: 600, meaning: 'ahead; negative is behind' }],
  },
  {
    kind: 'clock-jump',
    subject: 'node',
    meaning: 'the clock jumps in the middle of a change',
    parameters: [
      { name: 'seconds', reads: 'number', default: 3600, meaning: 'ahead; negative is behind' },
      { name: 'after-steps', reads: 'amount', default: 1, meaning: '0 is at once' },
    ],
  },
  {
    kind: 'broken-packages',
    subject: 'node',
    meaning: 'the package database is broken',
    parameters: [],
  },
  {
    kind: 'package-lock',
    subject: 'node',
    meaning: 'another program holds the lock of the package manager',
    parameters: [{ name: 'seconds', reads: 'amount', meaning: 'until it ends; without, until the fault is cleared' }],
  },
  {
    kind: 'unit-fails',
    subject: 'node',
    meaning: 'a unit dies, and does not start again',
    parameters: [
      { name: 'unit', reads: 'word', required: true, meaning: 'with its suffix, as chrony.service' },
      {
        name: 'after-seconds',
        reads: 'amount',
        default: 0,
        meaning: 'from its start to its death; 0 is no start at all',
      },
    ],
  },
  {
    kind: 'unit-flaps',
    subject: 'node',
    meaning: 'a unit dies and comes back, over and over',
    parameters: [
      { name: 'unit', reads: 'word', required: true, meaning: 'with its suffix, as chrony.service' },
      { name: 'seconds', reads: 'amount', default: 1, meaning: 'up, and down, each time' },
    ],
  },
  {
    kind: 'liar',
    subject: 'node',
    meaning: 'what would change the machine says yes and does nothing',
    parameters: [],
  },
  {
    kind: 'lying-suspend',
    subject: 'node',
    meaning: 'systemctl suspend says yes and the machine stays up',
    parameters: [],
  },
  {
    kind: 'reboot',
    subject: 'node',
    meaning: 'the machine reboots in the middle of a change',
    parameters: [
      { name: 'after-steps', reads: 'amount', default: 1, meaning: '0 is at once' },
      { name: 'down-ms', reads: 'amount', default: 2000, meaning: 'until SSH answers again' },
      times(1),
    ],
  },
  { kind: 'no-sudo', subject: 'node', meaning: 'sudo refuses everybody', parameters: [] },
  {
    kind: 'no-capacity',
    subject: 'node',
    meaning: 'the node offers almost nothing to pods, so new ones stay pending',
    parameters: [
      { name: 'cpu', reads: 'word', default: '0', meaning: 'as Kubernetes writes it' },
      { name: 'memory', reads: 'word', default: '0', meaning: 'as Kubernetes writes it' },
    ],
  },
  { kind: 'down', subject: 'api', meaning: 'the API server is not there', parameters: [] },
  {
    kind: 'slow',
    subject: 'api',
    meaning: 'every answer is late',
    parameters: [{ name: 'latency-ms', reads: 'amount', default: 1000, meaning: 'added to each' }],
  },
  {
    kind: 'conflicts',
    subject: 'api',
    meaning: 'writes are refused with 409: somebody else was faster',
    parameters: [
      times('always'),
      { name: 'resource', reads: 'word', meaning: 'only of this one, as deployments.apps' },
    ],
  },
  {
    kind: 'throttled',
    subject: 'api',
    meaning: 'requests are refused with 429 and Retry-After',
    parameters: [times('always'), { name: 'retry-after-seconds', reads: 'amount', default: 1, meaning: 'asked for' }],
  },
  {
    kind: 'errors',
    subject: 'api',
    meaning: 'requests end with 500',
    parameters: [times('always')],
  },
  {
    kind: 'drops-watches',
    subject: 'api',
    meaning: 'watches break soon after they began',
    parameters: [{ name: 'after-ms', reads: 'amount', default: 500, meaning: 'from their begin' }],
  },
  {
    kind: 'image-pull',
    subject: 'api',
    meaning: 'an image cannot be pulled',
    parameters: [{ name: 'image', reads: 'word', required: true, meaning: 'part of its name' }],
  },
  {
    kind: 'crash-loop',
    subject: 'api',
    meaning: 'a container dies again and again',
    parameters: [{ name: 'image', reads: 'word', required: true, meaning: 'part of its name' }],
  },
] as const satisfies readonly FaultKind[];

type Listed = (typeof faultKinds)[number];

/** Kinds that are switched on for a machine. */
export type NodeFaultKind = Extract<Listed, { readonly subject: 'node' | 'wire' }>['kind'];

/** Kinds that are switched on for the Kubernetes API and its workloads. */
export type ApiFaultKind = Extract<Listed, { readonly subject: 'api' }>['kind'];

/** Values of a fault by the names of its parameters. */
export type FaultValues = Readonly<Record<string, string | number>>;

/** A fault that is switched on. */
export type LabFault =
  | { readonly on: 'node'; readonly node: string; readonly kind: NodeFaultKind; readonly values: FaultValues }
  | { readonly on: 'api'; readonly kind: ApiFaultKind; readonly values: FaultValues };
