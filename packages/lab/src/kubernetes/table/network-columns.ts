import type { EndpointSlice, Endpoints, Ingress, Service } from '../kinds.ts';
import { ageColumn, type ColumnTable, nameColumn } from './column.ts';
import { selectorText } from './workload-columns.ts';

function servicePorts({ spec }: Service): string {
  const ports = (spec?.ports ?? []).map((port) => {
    const node = port.nodePort ? `:${port.nodePort}` : '';
    return `${port.port}${node}/${port.protocol}`;
  });
  return ports.length === 0 ? '<none>' : ports.join(',');
}

function externalAddress({ spec, status }: Service): string {
  if (spec?.type === 'ExternalName') return spec.externalName ?? '';
  if (spec?.type === 'LoadBalancer') {
    const given = (status?.loadBalancer?.ingress ?? []).map(({ ip, hostname }) => ip ?? hostname ?? '');
    return given.length === 0 ? '<pending>' : given.join(',');
  }
  return spec?.externalIPs?.join(',') ?? '<none>';
}

function endpointsText({ subsets }: Endpoints): string {
  const all = (subsets ?? []).flatMap(({ addresses = [], ports = [] }) =>
    ports.length === 0
      ? addresses.map(({ ip }) => ip)
      : ports.flatMap(({ port }) => addresses.map(({ ip }) => `${ip}:${port}`)),
  );
  if (all.length === 0) return '<none>';
  return all.length > 3 ? `${all.slice(0, 3).join(',')} + ${all.length - 3} more...` : all.join(',');
}

function sliceAddresses({ endpoints }: EndpointSlice): string {
  const all = (endpoints ?? []).flatMap(({ addresses }) => addresses);
  if (all.length === 0) return '<unset>';
  return all.length > 3 ? `${all.slice(0, 3).join(',')} + ${all.length - 3} more...` : all.join(',');
}

function ingressHosts({ spec }: Ingress): string {
  const hosts = (spec?.rules ?? []).map(({ host }) => host || '*');
  return hosts.length === 0 ? '*' : hosts.join(',');
}

export const networkColumns: ColumnTable = {
  services: [
    nameColumn,
    { name: 'Type', cell: ({ spec }) => spec?.type ?? '' },
    { name: 'Cluster-IP', cell: ({ spec }) => spec?.clusterIP || '<none>' },
    { name: 'External-IP', cell: externalAddress },
    { name: 'Port(s)', cell: servicePorts },
    ageColumn,
    { name: 'Selector', wide: true, cell: ({ spec }) => selectorText({ matchLabels: spec?.selector ?? {} }) },
  ],
  endpoints: [nameColumn, { name: 'Endpoints', cell: endpointsText }, ageColumn],
  'endpointslices.discovery.k8s.io': [
    nameColumn,
    { name: 'AddressType', cell: ({ addressType }) => addressType },
    { name: 'Ports', cell: ({ ports }) => (ports ?? []).map(({ port }) => port ?? '*').join(',') || '<unset>' },
    { name: 'Endpoints', cell: sliceAddresses },
    ageColumn,
  ],
  'ingresses.networking.k8s.io': [
    nameColumn,
    { name: 'Class', cell: ({ spec }) => spec?.ingressClassName ?? '<none>' },
    { name: 'Hosts', cell: ingressHosts },
    {
      name: 'Address',
      cell: ({ status }) => (status?.loadBalancer?.ingress ?? []).map(({ ip, hostname }) => ip ?? hostname).join(','),
    },
    { name: 'Ports', cell: ({ spec }) => (spec?.tls?.length ? '80, 443' : '80') },
    ageColumn,
  ],
  'ingressclasses.networking.k8s.io': [
    nameColumn,
    { name: 'Controller', cell: ({ spec }) => spec?.controller ?? '' },
    {
      name: 'Parameters',
      cell: ({ spec }) => (spec?.parameters ? `${spec.parameters.kind}/${spec.parameters.name}` : '<none>'),
    },
    ageColumn,
  ],
  'networkpolicies.networking.k8s.io': [
    nameColumn,
    { name: 'Pod-Selector', cell: ({ spec }) => selectorText(spec?.podSelector) },
    ageColumn,
  ],
};
