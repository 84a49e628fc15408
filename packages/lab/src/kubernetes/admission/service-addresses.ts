import { cidrContains, formatIpv4, parseCidr, parseIpv4 } from '@vmstation/core';
import { type LabClusterConfig, nodePortRangeOf } from '../cluster-config.ts';
import type { Service } from '../kinds.ts';
import { invalid, invalidValue, type StatusCause } from '../status-error.ts';
import type { ObjectStore } from '../storage/object-store.ts';

/** Gives Services their cluster address and node ports, as the API server's allocators do, in place. */
export function allocateServiceAddresses(
  service: Service,
  old: Service | undefined,
  store: ObjectStore,
  config: LabClusterConfig,
): void {
  const { spec } = service;
  if (!spec) return;
  const others = store
    .list('services')
    .filter(
      ({ metadata }) => metadata.name !== service.metadata.name || metadata.namespace !== service.metadata.namespace,
    );
  const faults: StatusCause[] = [];
  if (spec.type === 'ExternalName') {
    delete spec.clusterIP;
    delete spec.clusterIPs;
  } else {
    const kept = old?.spec?.type === 'ExternalName' ? undefined : old?.spec?.clusterIP;
    spec.clusterIP = spec.clusterIP || kept || '';
    faults.push(...chooseClusterIp(spec, others, old, config));
  }
  if (spec.type === 'NodePort' || spec.type === 'LoadBalancer')
    faults.push(...chooseNodePorts(spec, others, old, config));
  else if (old) for (const port of spec.ports ?? []) if (spec.type === 'ClusterIP') delete port.nodePort;
  if (faults.length > 0) throw invalid({ kind: 'Service', name: service.metadata.name }, faults);
}

type ServiceSpec = NonNullable<Service['spec']>;

function chooseClusterIp(
  spec: ServiceSpec,
  others: readonly Service[],
  old: Service | undefined,
  config: LabClusterConfig,
): StatusCause[] {
  const wanted = spec.clusterIP ?? '';
  if (wanted === 'None') {
    spec.clusterIPs = ['None'];
    return [];
  }
  const taken = new Set(others.map((other) => other.spec?.clusterIP));
  if (wanted !== '') {
    spec.clusterIPs = [wanted];
    if (old?.spec?.clusterIP === wanted) return [];
    const range = parseCidr(config.serviceCidr);
    const address = parseIpv4(wanted);
    const field = 'spec.clusterIPs[0]';
    if (address === undefined)
      return [invalidValue(field, wanted, 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)')];
    if (!range || !cidrContains(range, address)) {
      return [
        invalidValue(
          'spec.clusterIPs',
          [wanted],
          `failed to allocate IP ${wanted}: the provided network does not match the current range (${config.serviceCidr})`,
        ),
      ];
    }
    if (taken.has(wanted)) {
      return [
        invalidValue('spec.clusterIPs', [wanted], `failed to allocate IP ${wanted}: provided IP is already allocated`),
      ];
    }
    return [];
  }
  const free = freeAddress(config.serviceCidr, taken);
  if (free === undefined) return [invalidValue('spec.clusterIPs', [], 'failed to allocate a serviceIP: range is full')];
  spec.clusterIP = free;
  spec.clusterIPs = [free];
  return [];
}

/** The lowest free address above the part of the range that is kept for fixed addresses. */
function freeAddress(serviceCidr: string, taken: ReadonlySet<string | undefined>): string | undefined {
  const range = parseCidr(serviceCidr);
  if (!range) return undefined;
  const size = 2 ** (32 - range.prefix);
  const reserved = Math.min(Math.max(16, Math.floor(size / 16)), 256);
  for (let offset = Math.min(reserved + 1, size - 2); offset < size - 1; offset++) {
    const address = formatIpv4(range.base + offset);
    if (!taken.has(address)) return address;
  }
  for (let offset = 2; offset <= reserved; offset++) {
    const address = formatIpv4(range.base + offset);
    if (!taken.has(address)) return address;
  }
  return undefined;
}

function chooseNodePorts(
  spec: ServiceSpec,
  others: readonly Service[],
  old: Service | undefined,
  config: LabClusterConfig,
): StatusCause[] {
  const { first, last } = nodePortRangeOf(config);
  const taken = new Set(
    others.flatMap((other) => (other.spec?.ports ?? []).map((port) => `${port.protocol}/${port.nodePort}`)),
  );
  const faults: StatusCause[] = [];
  (spec.ports ?? []).forEach((port, index) => {
    const field = `spec.ports[${index}].nodePort`;
    const before = old?.spec?.ports?.find((item) => item.port === port.port && item.protocol === port.protocol);
    if (!port.nodePort && before?.nodePort) port.nodePort = before.nodePort;
    if (port.nodePort) {
      if (port.nodePort < first || port.nodePort > last) {
        faults.push(
          invalidValue(
            field,
            port.nodePort,
            `provided port is not in the valid range. The range of valid ports is ${first}-${last}`,
          ),
        );
      } else if (taken.has(`${port.protocol}/${port.nodePort}`)) {
        faults.push(invalidValue(field, port.nodePort, 'provided port is already allocated'));
      }
    } else {
      let candidate = last;
      while (candidate >= first && taken.has(`${port.protocol}/${candidate}`)) candidate--;
      if (candidate < first) faults.push(invalidValue(field, 0, 'failed to allocate a nodePort: range is full'));
      else port.nodePort = candidate;
    }
    taken.add(`${port.protocol}/${port.nodePort}`);
  });
  return faults;
}
