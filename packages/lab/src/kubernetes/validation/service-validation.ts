import type { Service } from '../kinds.ts';
import { duplicateValue, invalidValue, requiredValue, type StatusCause } from '../status-error.ts';
import { dnsLabelFaults, labelFaults } from './names.ts';
import { enumFaults, portFaults } from './pod-validation.ts';

/** Faults of a Service that need no look at the cluster. Source: pkg/apis/core/validation. */
export function serviceFaults({ spec }: Service): StatusCause[] {
  if (!spec) return [];
  const faults = enumFaults(spec.type, 'spec.type', ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort']);
  const ports = spec.ports ?? [];
  const headless = spec.clusterIP === 'None';
  if (spec.type === 'ExternalName' && !spec.externalName) faults.push(requiredValue('spec.externalName'));
  if (ports.length === 0 && !headless && spec.type !== 'ExternalName') faults.push(requiredValue('spec.ports'));
  if (headless && (spec.type === 'NodePort' || spec.type === 'LoadBalancer')) {
    faults.push(invalidValue('spec.clusterIP', 'None', `may not be set to 'None' for ${spec.type} services`));
  }
  faults.push(...portsFaults(ports, spec.type ?? 'ClusterIP'));
  faults.push(...labelFaults(spec.selector, 'spec.selector'));
  faults.push(...enumFaults(spec.sessionAffinity, 'spec.sessionAffinity', ['ClientIP', 'None']));
  faults.push(...enumFaults(spec.externalTrafficPolicy, 'spec.externalTrafficPolicy', ['Cluster', 'Local']));
  return faults;
}

function portsFaults(ports: NonNullable<NonNullable<Service['spec']>['ports']>, type: string): StatusCause[] {
  const names = new Set<string>();
  const numbers = new Set<string>();
  return ports.flatMap((port, index) => {
    const at = `spec.ports[${index}]`;
    const faults = port.port === undefined ? [] : portFaults(port.port, `${at}.port`);
    if (ports.length > 1 && !port.name) faults.push(requiredValue(`${at}.name`));
    if (port.name) {
      faults.push(...dnsLabelFaults(port.name, `${at}.name`));
      if (names.has(port.name)) faults.push(duplicateValue(`${at}.name`, port.name));
      names.add(port.name);
    }
    faults.push(...enumFaults(port.protocol, `${at}.protocol`, ['SCTP', 'TCP', 'UDP']));
    if (typeof port.targetPort === 'number') faults.push(...portFaults(port.targetPort, `${at}.targetPort`));
    if (port.nodePort && type === 'ClusterIP') {
      faults.push({
        reason: 'FieldValueForbidden',
        field: `${at}.nodePort`,
        message: "Forbidden: may not be used when `type` is 'ClusterIP'",
      });
    }
    const number = `${port.protocol}/${port.port}`;
    if (numbers.has(number)) faults.push(duplicateValue(at, { port: port.port, protocol: port.protocol }));
    numbers.add(number);
    return faults;
  });
}

/** Faults of changing a Service: its address cannot be changed, only released by another type. */
export function serviceUpdateFaults(next: Service, old: Service): StatusCause[] {
  const before = old.spec?.clusterIP;
  const after = next.spec?.clusterIP;
  const bothHaveAddress = old.spec?.type !== 'ExternalName' && next.spec?.type !== 'ExternalName';
  if (!bothHaveAddress || !before || before === after) return [];
  return [invalidValue('spec.clusterIPs[0]', [after ?? ''], 'may not change once set')];
}
