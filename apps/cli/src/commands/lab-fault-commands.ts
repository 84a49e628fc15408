import { type CommandDefinition, defineCommand } from '../command/define-command.ts';

/** Kinds of fault with their meanings, as the lab's own table has them: a test compares. Loading the lab for a help text would be slow. */
export const nodeFaultTerms: readonly (readonly [string, string])[] = [
  ['unreachable', 'connections are refused, open ones break'],
  ['silent', 'connections are taken and nothing is ever said'],
  ['slow', 'every byte is late, and few at a time'],
  ['cut', 'the connection dies in the middle'],
  ['slow-commands', 'each program takes longer'],
  ['disk-full', 'not one byte more fits on a file system'],
  ['read-only', 'a file system is read-only, as after an error of its disk'],
  ['clock-skew', 'the clock is wrong as long as the fault is there'],
  ['clock-jump', 'the clock jumps in the middle of a change'],
  ['broken-packages', 'the package database is broken'],
  ['package-lock', 'another program holds the lock of the package manager'],
  ['unit-fails', 'a unit dies, and does not start again'],
  ['unit-flaps', 'a unit dies and comes back, over and over'],
  ['liar', 'what would change the machine says yes and does nothing'],
  ['lying-suspend', 'systemctl suspend says yes and the machine stays up'],
  ['reboot', 'the machine reboots in the middle of a change'],
  ['no-sudo', 'sudo refuses everybody'],
  ['no-capacity', 'the node offers almost nothing to pods, so new ones stay pending'],
];

/** As {@link nodeFaultTerms}, of the API and what runs behind it. */
export const apiFaultTerms: readonly (readonly [string, string])[] = [
  ['down', 'the API server is not there'],
  ['slow', 'every answer is late'],
  ['conflicts', 'writes are refused with 409: somebody else was faster'],
  ['throttled', 'requests are refused with 429 and Retry-After'],
  ['errors', 'requests end with 500'],
  ['drops-watches', 'watches break soon after they began'],
  ['image-pull', 'an image cannot be pulled'],
  ['crash-loop', 'a container dies again and again'],
];

const placeArgument = 'a machine, or api for the Kubernetes API; node/NAME for a machine of that name';

/** Commands that make things go wrong in the rehearsal, and right again. */
export const labFaultCommands: readonly CommandDefinition[] = [
  defineCommand({
    path: ['lab', 'fault'],
    summary: 'make something go wrong, to see what is said of it',
    description:
      'Switches a fault on, on one machine of the lab or in its Kubernetes API, until it is cleared. Values are written name=value; the first may stand without its name, and `lab fault list --kinds` lists them all. Faults outlive a stop of the lab, as the disks do; `lab reset` clears them. A step, wherever one is counted, is one program that changed something on the machine.',
    args: [
      { name: 'node', description: placeArgument, required: true },
      { name: 'kind', description: 'what goes wrong', required: true },
      { name: 'values', description: 'its values, name=value', required: false, variadic: true },
    ],
    terms: [
      { title: 'Faults of a machine', rows: nodeFaultTerms },
      { title: 'Faults of the API', rows: apiFaultTerms },
    ],
    examples: [
      ['vmstation lab fault homelab unreachable', 'then: vmstation drift'],
      ['vmstation lab fault masternode slow 300 bytes-per-second=20000', 'a bad line'],
      ['vmstation lab fault storagenodet3500 reboot after-steps=3', 'in the middle of the next change'],
      ['vmstation lab fault api throttled times=5', 'five requests get 429'],
    ],
    replaces: [],
    mutates: true,
    exitCodes: [0],
    load: async () => (await import('../handlers/lab-fault.ts')).handleLabFault,
  }),
  defineCommand({
    path: ['lab', 'fault', 'list'],
    summary: 'faults that are on, or all there are',
    description:
      'Lists the faults that are on. A fault that has happened as often as it was to happen is no longer on. With --kinds: every fault there is, with its values and their defaults.',
    options: [{ name: 'kinds', description: 'every fault there is, instead' }],
    examples: [
      ['vmstation lab fault list', ''],
      ['vmstation lab fault list --kinds', 'all faults and their values'],
    ],
    replaces: [],
    mutates: false,
    exitCodes: [0],
    load: async () => (await import('../handlers/lab-fault.ts')).handleLabFaultList,
  }),
  defineCommand({
    path: ['lab', 'fault', 'clear'],
    summary: 'end all faults, those of one place, or one',
    description: 'Ends faults. What they broke stays broken until the next run mends it, as on real machines.',
    args: [
      { name: 'node', description: placeArgument, required: false },
      { name: 'kind', description: 'only this one', required: false },
    ],
    examples: [
      ['vmstation lab fault clear', 'all of them'],
      ['vmstation lab fault clear homelab unreachable', 'one of one machine'],
    ],
    replaces: [],
    mutates: true,
    exitCodes: [0],
    load: async () => (await import('../handlers/lab-fault.ts')).handleLabFaultClear,
  }),
];
