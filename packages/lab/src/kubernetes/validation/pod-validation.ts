import type { Container, PodSpec, PodTemplateSpec, Volume } from '../kinds.ts';
import { quantityValue } from '../quantity.ts';
import {
  duplicateValue,
  invalidValue,
  notFoundValue,
  requiredValue,
  type StatusCause,
  unsupportedValue,
} from '../status-error.ts';
import { dnsLabelFaults, labelFaults } from './names.ts';

const portRange = 'must be between 1 and 65535, inclusive';
const protocols = ['SCTP', 'TCP', 'UDP'];

/** Fault of a port number outside 1 to 65535. */
export function portFaults(port: number, field: string): StatusCause[] {
  return port >= 1 && port <= 65_535 ? [] : [invalidValue(field, port, portRange)];
}

/** Fault when a text is none of those allowed. */
export function enumFaults(value: string | undefined, field: string, allowed: readonly string[]): StatusCause[] {
  return value === undefined || allowed.includes(value) ? [] : [unsupportedValue(field, value, allowed)];
}

function portListFaults(container: Container, at: string): StatusCause[] {
  const names = new Set<string>();
  return (container.ports ?? []).flatMap((port, index) => {
    const field = `${at}.ports[${index}]`;
    const faults = port.containerPort === undefined ? [] : portFaults(port.containerPort, `${field}.containerPort`);
    if (port.hostPort) faults.push(...portFaults(port.hostPort, `${field}.hostPort`));
    faults.push(...enumFaults(port.protocol, `${field}.protocol`, protocols));
    if (port.name !== undefined) {
      if (port.name.length > 15)
        faults.push(invalidValue(`${field}.name`, port.name, 'must be no more than 15 characters'));
      faults.push(...dnsLabelFaults(port.name, `${field}.name`));
      if (names.has(port.name)) faults.push(duplicateValue(`${field}.name`, port.name));
      names.add(port.name);
    }
    return faults;
  });
}

function resourceFaults(container: Container, at: string): StatusCause[] {
  const { limits = {}, requests = {} } = container.resources ?? {};
  return Object.entries(requests).flatMap(([name, amount]) => {
    const limit = limits[name];
    if (limit === undefined || quantityValue(amount) <= quantityValue(limit)) return [];
    return [
      invalidValue(`${at}.resources.requests`, amount, `must be less than or equal to ${name} limit of ${limit}`),
    ];
  });
}

function probeFaults(container: Container, at: string): StatusCause[] {
  return (['livenessProbe', 'readinessProbe', 'startupProbe'] as const).flatMap((name) => {
    const probe = container[name];
    if (!probe) return [];
    const handlers = [probe.exec, probe.httpGet, probe.tcpSocket, probe.grpc].filter(
      (handler) => handler !== undefined,
    );
    const faults = handlers.length === 0 ? [requiredValue(`${at}.${name}`, 'must specify a handler type')] : [];
    if (name !== 'readinessProbe' && (probe.successThreshold ?? 1) !== 1) {
      faults.push(invalidValue(`${at}.${name}.successThreshold`, probe.successThreshold, 'must be 1'));
    }
    return faults;
  });
}

function mountFaults(container: Container, at: string, volumes: ReadonlySet<string>): StatusCause[] {
  const paths = new Set<string>();
  return (container.volumeMounts ?? []).flatMap((mount, index) => {
    const field = `${at}.volumeMounts[${index}]`;
    const faults = volumes.has(mount.name) ? [] : [notFoundValue(`${field}.name`, mount.name)];
    if (paths.has(mount.mountPath)) faults.push(invalidValue(`${field}.mountPath`, mount.mountPath, 'must be unique'));
    paths.add(mount.mountPath);
    return faults;
  });
}

function containerFaults(container: Container, at: string, volumes: ReadonlySet<string>): StatusCause[] {
  const faults = container.name ? dnsLabelFaults(container.name, `${at}.name`) : [];
  if (!container.image) faults.push(requiredValue(`${at}.image`));
  faults.push(...enumFaults(container.imagePullPolicy, `${at}.imagePullPolicy`, ['Always', 'IfNotPresent', 'Never']));
  (container.env ?? []).forEach((variable, index) => {
    if (!variable.name) faults.push(requiredValue(`${at}.env[${index}].name`));
    if (variable.value && variable.valueFrom) {
      faults.push(invalidValue(`${at}.env[${index}].valueFrom`, '', 'may not be specified when `value` is not empty'));
    }
  });
  return [
    ...faults,
    ...portListFaults(container, at),
    ...resourceFaults(container, at),
    ...probeFaults(container, at),
    ...mountFaults(container, at, volumes),
  ];
}

function volumeFaults(volumes: readonly Volume[], at: string): StatusCause[] {
  const names = new Set<string>();
  return volumes.flatMap((volume, index) => {
    const field = `${at}[${index}]`;
    const faults = volume.name ? dnsLabelFaults(volume.name, `${field}.name`) : [];
    if (names.has(volume.name)) faults.push(duplicateValue(`${field}.name`, volume.name));
    names.add(volume.name);
    const sources = Object.keys(volume).filter((name) => name !== 'name');
    if (sources.length > 1) {
      faults.push({
        reason: 'FieldValueForbidden',
        field: `${field}.${sources[1]}`,
        message: 'Forbidden: may not specify more than 1 volume type',
      });
    }
    const types = ['', 'BlockDevice', 'CharDevice', 'Directory', 'DirectoryOrCreate', 'File', 'FileOrCreate', 'Socket'];
    faults.push(...enumFaults(volume.hostPath?.type, `${field}.hostPath.type`, types));
    return faults;
  });
}

function hostPortFaults(containers: readonly Container[], at: string): StatusCause[] {
  const taken = new Set<string>();
  return containers.flatMap((container, index) =>
    (container.ports ?? []).flatMap((port, portIndex) => {
      if (!port.hostPort) return [];
      const key = `${port.protocol}/${port.hostIP ?? ''}/${port.hostPort}`;
      if (taken.has(key)) return [duplicateValue(`${at}[${index}].ports[${portIndex}].hostPort`, key)];
      taken.add(key);
      return [];
    }),
  );
}

/** Faults of a pod's specification at `at` (`spec`, `spec.template.spec`). Source: pkg/apis/core/validation. */
export function podSpecFaults(spec: PodSpec, at: string, claimed: readonly string[] = []): StatusCause[] {
  const volumes = new Set([...(spec.volumes ?? []).map((volume) => volume.name), ...claimed]);
  const containers = spec.containers ?? [];
  const names = new Set<string>();
  const faults = volumeFaults(spec.volumes ?? [], `${at}.volumes`);
  for (const list of ['initContainers', 'containers'] as const) {
    (spec[list] ?? []).forEach((container, index) => {
      const field = `${at}.${list}[${index}]`;
      faults.push(...containerFaults(container, field, volumes));
      if (names.has(container.name)) faults.push(duplicateValue(`${field}.name`, container.name));
      names.add(container.name);
    });
  }
  faults.push(...hostPortFaults(containers, `${at}.containers`));
  faults.push(...enumFaults(spec.restartPolicy, `${at}.restartPolicy`, ['Always', 'OnFailure', 'Never']));
  faults.push(
    ...enumFaults(spec.dnsPolicy, `${at}.dnsPolicy`, ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None']),
  );
  (spec.tolerations ?? []).forEach((toleration, index) => {
    const field = `${at}.tolerations[${index}]`;
    faults.push(...enumFaults(toleration.operator, `${field}.operator`, ['Equal', 'Exists']));
    if (toleration.operator === 'Exists' && toleration.value) {
      faults.push(invalidValue(`${field}.operator`, toleration, "value must be empty when `operator` is 'Exists'"));
    }
    faults.push(
      ...enumFaults(toleration.effect || undefined, `${field}.effect`, ['NoSchedule', 'PreferNoSchedule', 'NoExecute']),
    );
  });
  return faults;
}

/** Faults of a pod template: its labels and its specification. `claimed` are volumes that a StatefulSet's claims provide. */
export function templateFaults(
  template: PodTemplateSpec | undefined,
  at: string,
  claimed: readonly string[] = [],
): StatusCause[] {
  if (!template) return [];
  const faults = labelFaults(template.metadata?.labels, `${at}.metadata.labels`);
  return template.spec ? [...faults, ...podSpecFaults(template.spec, `${at}.spec`, claimed)] : faults;
}
