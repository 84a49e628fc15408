import type { ClusterFault } from '../kubernetes/faults/cluster-faults.ts';
import type { MachineFaults, StepFault } from '../machine/machine-spec.ts';
import type { FaultValues, LabFault, NodeFaultKind } from './fault-kinds.ts';

type NodeFault = Extract<LabFault, { on: 'node' }>;

/** Switches that count, by fault: the same object for the same fault, so that it goes on counting when others change. */
export type CountedSwitches = WeakMap<LabFault, Record<string, object>>;

/** What a switch is made from: the fault's values, the switches of the faults before it, and what counts for it. */
interface Switching {
  readonly values: FaultValues;
  readonly before: MachineFaults;
  /** The unit it names, by its own name. */
  readonly unit: string;
  readonly count: <Value extends object>(slot: string, make: () => Value) => Value;
}

const switchesOf: Readonly<Record<NodeFaultKind, (given: Switching) => MachineFaults>> = {
  unreachable: () => ({ unreachable: true }),
  silent: () => ({ silent: true }),
  liar: () => ({ liar: true }),
  'no-sudo': () => ({ noSudo: true }),
  'lying-suspend': () => ({ lyingSuspend: true }),
  'broken-packages': () => ({ brokenPackages: true }),
  slow: ({ values }) => ({ slowWire: slowWire(values) }),
  'slow-commands': ({ values }) => ({ slowMs: Number(values.ms) }),
  'disk-full': ({ values, before }) => ({ diskFull: [...(before.diskFull ?? []), String(values.mount)] }),
  'read-only': ({ values, before }) => ({ readOnly: [...(before.readOnly ?? []), String(values.mount)] }),
  'clock-skew': ({ values }) => ({ clockSkewMs: Number(values.seconds) * 1000 }),
  'package-lock': ({ values, count }) => ({
    packageLock: count('lock', () => (values.seconds === undefined ? {} : { seconds: Number(values.seconds) })),
  }),
  'unit-fails': ({ values, before, unit }) => ({
    unitDiesAfterSeconds: { ...before.unitDiesAfterSeconds, [unit]: Number(values['after-seconds']) },
  }),
  'unit-flaps': ({ values, before, unit }) => ({
    unitFlapsSeconds: { ...before.unitFlapsSeconds, [unit]: Number(values.seconds) },
  }),
  cut: (given) => ({
    ...cutAfterBytes(given),
    ...(given.values['after-steps'] === undefined && given.values['after-bytes'] !== undefined
      ? {}
      : atStep(given, 'cut')),
  }),
  reboot: (given) => atStep(given, 'reboot'),
  'clock-jump': (given) => atStep(given, 'clock-jump'),
  'no-capacity': () => ({}),
};

/** The switches of a machine for its faults. */
export function machineFaultsOf(
  faults: readonly NodeFault[],
  canonicalUnit: (unit: string) => string,
  kept: CountedSwitches,
): MachineFaults {
  let switches: MachineFaults = {};
  for (const fault of faults) {
    const { values } = fault;
    const unit = typeof values.unit === 'string' ? canonicalUnit(values.unit) : '';
    const count: Switching['count'] = (slot, make) => keep(kept, fault, slot, make);
    switches = { ...switches, ...switchesOf[fault.kind]({ values, before: switches, unit, count }) };
  }
  return switches;
}

function cutAfterBytes({ values, count }: Switching): MachineFaults {
  const bytes = values['after-bytes'];
  if (bytes === undefined) return {};
  return { cutAfterBytes: count('bytes', () => ({ bytes: Number(bytes), times: timesOf(values) })) };
}

function slowWire(values: FaultValues): NonNullable<MachineFaults['slowWire']> {
  const perSecond = values['bytes-per-second'];
  return {
    latencyMs: Number(values['latency-ms']),
    ...(typeof perSecond === 'number' ? { bytesPerSecond: perSecond } : {}),
  };
}

function atStep({ values, before, count }: Switching, what: StepFault['what']): MachineFaults {
  const fault = count('steps', () => ({
    what,
    afterSteps: Number(values['after-steps'] ?? 1),
    times: what === 'clock-jump' ? 1 : timesOf(values),
    ...(values['down-ms'] === undefined ? {} : { downMs: Number(values['down-ms']) }),
    ...(values.seconds === undefined ? {} : { seconds: Number(values.seconds) }),
  }));
  return { atSteps: [...(before.atSteps ?? []), fault] };
}

function keep<Value extends object>(kept: CountedSwitches, fault: LabFault, slot: string, make: () => Value): Value {
  const slots = kept.get(fault) ?? {};
  kept.set(fault, slots);
  return (slots[slot] ??= make()) as Value;
}

function timesOf(values: FaultValues): number {
  return typeof values.times === 'number' ? values.times : Infinity;
}

/** What the cluster is told of a fault; undefined for one that is the machine's alone. */
export function clusterFaultOf(fault: LabFault): ClusterFault | undefined {
  const { values } = fault;
  const times = typeof values.times === 'number' ? { times: values.times } : {};
  if (fault.on === 'node') {
    if (fault.kind !== 'no-capacity') return undefined;
    return { kind: 'no-capacity', node: fault.node, cpu: String(values.cpu), memory: String(values.memory) };
  }
  switch (fault.kind) {
    case 'down':
      return { kind: 'api-down' };
    case 'slow':
      return { kind: 'api-slow', delayMs: Number(values['latency-ms']) };
    case 'conflicts':
      return {
        kind: 'api-conflicts',
        ...times,
        ...(values.resource === undefined ? {} : { resource: String(values.resource) }),
      };
    case 'throttled':
      return { kind: 'api-throttled', ...times, retryAfterSeconds: Number(values['retry-after-seconds']) };
    case 'errors':
      return { kind: 'api-errors', ...times };
    case 'drops-watches':
      return { kind: 'api-drops-watches', afterMs: Number(values['after-ms']) };
    case 'image-pull':
      return { kind: 'image-pull', image: String(values.image) };
    case 'crash-loop':
      return { kind: 'crash-loop', image: String(values.image) };
    default:
      return fault satisfies never;
  }
}
