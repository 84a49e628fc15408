import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cidrsOverlap, formatIpv4, parseCidr } from '../net/cidr.ts';
import type { ClusterFileInput } from './cluster-file.ts';
import { defaultVersions } from './default-versions.ts';
import { durationSeconds } from './duration.ts';
import { exampleClusterData } from './example.ts';
import { resolveCluster } from './resolve-cluster.ts';
import { validateClusterFile } from './validate-cluster-file.ts';

const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,8}[a-z0-9]$/);
const os = fc.constantFrom('debian-12' as const, 'debian-13' as const, 'rhel-9' as const, 'rhel-10' as const);
const power = fc.constantFrom<NonNullable<ClusterFileInput['nodes'][string]['power']>>(
  'always-on',
  'auto-sleep',
  'on-demand',
  { policy: 'auto-sleep', 'idle-after': '45m' },
  { policy: 'on-demand', 'sleep-method': 'poweroff' },
);

/** Any cluster that an operator could mean: one or three control planes, workers that may sleep, storage, applications. */
const clusterFile: fc.Arbitrary<ClusterFileInput> = fc
  .record({
    names: fc.uniqueArray(name, { minLength: 4, maxLength: 9 }),
    controlPlanes: fc.constantFrom(1, 3),
    systems: fc.array(os, { minLength: 9, maxLength: 9 }),
    powers: fc.array(power, { minLength: 9, maxLength: 9 }),
    lan: fc.constantFrom('192.168.4', '10.1.2', '172.16.9'),
    ports: fc.uniqueArray(fc.integer({ min: 30_000, max: 32_767 }), { minLength: 6, maxLength: 6 }),
    lokiPort: fc.integer({ min: 3000, max: 6000 }),
    wakes: fc.boolean(),
  })
  .map(({ names, controlPlanes, systems, powers, lan, ports, lokiPort, wakes }) => {
    const nodes: ClusterFileInput['nodes'] = {};
    for (const [index, node] of names.entries()) {
      const isControlPlane = index < controlPlanes;
      nodes[node] = {
        address: `${lan}.${10 + index}`,
        os: systems[index] ?? 'debian-12',
        mac: `02:00:00:00:00:${10 + index}`,
        roles: isControlPlane ? ['control-plane'] : ['worker', 'storage'],
        power: isControlPlane ? 'always-on' : (powers[index] ?? 'always-on'),
      };
    }
    const [first = '', ...others] = names;
    const last = others.at(-1) ?? first;
    return {
      cluster: { name: 'any' },
      network: { nodes: `${lan}.0/24`, gateway: `${lan}.1` },
      nodes,
      storage: { media: { node: last, path: '/srv/media', share: 'nfs' } },
      monitoring: {
        prometheus: { port: ports[0] },
        grafana: { port: ports[1] },
        alertmanager: { port: ports[2] },
        loki: { port: lokiPort },
      },
      apps: {
        jellyfin: { node: wakes ? last : first, port: ports[3], wakes: true, media: { storage: 'media' } },
        minecraft: { node: first, port: ports[4] },
      },
    };
  });

test('any sound file has no error, and resolves to endpoints that nothing shares', () => {
  fc.assert(
    fc.property(clusterFile, (input) => {
      const { file, faults } = validateClusterFile(input, defaultVersions);
      expect(faults.filter((fault) => fault.severity === 'error')).toEqual([]);
      if (file === undefined) throw new Error('a file without errors must be given back');
      const cluster = resolveCluster(file, defaultVersions);
      const places = cluster.endpoints.map((endpoint) => `${endpoint.address}:${endpoint.port}`);
      expect(new Set(places).size).toBe(places.length);
      const nodes = cluster.nodes.map((node) => node.name);
      expect(cluster.endpoints.every((endpoint) => nodes.includes(endpoint.node))).toBe(true);
      expect(cluster.storage.flatMap((storage) => storage.mountOn)).not.toContain(cluster.storage[0]?.node);
      expect(cluster.nodes.every((node) => node.groups[0] === 'common')).toBe(true);
    }),
  );
});

test('whatever two ranges overlap, the file is refused, and disjoint ranges never are', () => {
  const range = fc
    .record({ address: fc.integer({ min: 0, max: 0xffffffff }), prefix: fc.integer({ min: 12, max: 20 }) })
    .map(({ address, prefix }) => ({ base: address - (address % 2 ** (32 - prefix)), prefix }));
  const text = (value: { base: number; prefix: number }): string => `${formatIpv4(value.base)}/${value.prefix}`;
  const lan = parseCidr('192.168.4.0/24') ?? { base: 0, prefix: 24 };
  fc.assert(
    fc.property(range, range, fc.boolean(), (pods, other, nested) => {
      const services = nested ? { base: pods.base, prefix: Math.min(26, pods.prefix + 4) } : other;
      const input = structuredClone(exampleClusterData);
      Object.assign(input.network, { pods: text(pods), services: text(services) });
      const codes = validateClusterFile(input, defaultVersions).faults.map((fault) => fault.code);
      const overlap = cidrsOverlap(pods, services) || cidrsOverlap(pods, lan) || cidrsOverlap(services, lan);
      expect(codes.includes('cluster-file/overlapping-ranges')).toBe(overlap);
    }),
  );
});

test('no document makes validation throw', () => {
  const keys = fc.constantFrom(
    'nodes',
    'network',
    'apps',
    'storage',
    'services',
    'monitoring',
    'cluster',
    'power',
    'a',
  );
  const document = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 5 },
      fc.constantFrom(null, 'text', 7, true, 'secret:x', '10.0.0.0/8', 'always-on'),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(keys, tie('value'), { maxKeys: 4 }),
    ),
  })).value;
  fc.assert(
    fc.property(document, fc.boolean(), (made, merged) => {
      const whole = merged ? Object.assign(structuredClone(exampleClusterData), made) : made;
      const verdict = validateClusterFile(whole, defaultVersions);
      const isRefused = verdict.faults.some((fault) => fault.severity === 'error');
      expect(verdict.file === undefined).toBe(isRefused);
    }),
    { numRuns: 500 },
  );
});

test('one fault in an otherwise sound file is found wherever it is put', () => {
  const breakages: readonly ((input: ClusterFileInput) => string)[] = [
    (input) => {
      Object.assign(input.nodes, { UPPER: structuredClone(Object.values(input.nodes)[0]) });
      return 'cluster-file/invalid-name';
    },
    (input) => {
      const [first, second] = Object.values(input.nodes);
      if (first !== undefined && second !== undefined)
        second.mac = (first.mac ?? '').replaceAll(':', '-').toUpperCase();
      return 'cluster-file/duplicate-mac';
    },
    (input) => {
      const sleeper = Object.values(input.nodes).at(-1);
      Object.assign(sleeper ?? {}, { power: 'on-demand', mac: undefined });
      return 'cluster-file/missing-mac';
    },
    (input) => {
      Object.assign(input.storage?.['media'] ?? {}, { 'mount-on': [input.storage?.['media']?.node] });
      return 'cluster-file/self-mount';
    },
    (input) => {
      Object.assign(input, { surprise: 1 });
      return 'cluster-file/unknown-key';
    },
  ];
  fc.assert(
    fc.property(clusterFile, fc.constantFrom(...breakages), (sound, breakage) => {
      const broken = structuredClone(sound);
      const expected = breakage(broken);
      const verdict = validateClusterFile(broken, defaultVersions);
      expect(verdict.faults.map((fault) => fault.code)).toContain(expected);
      expect(verdict.file).toBeUndefined();
    }),
  );
});

test('durations are seconds of their unit', () => {
  expect(['30s', '5m', '2h', '30d', '2w'].map(durationSeconds)).toEqual([30, 300, 7200, 2_592_000, 1_209_600]);
  expect(() => durationSeconds('1.5h')).toThrow(RangeError);
});
