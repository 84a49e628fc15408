import { exampleCluster, worstFinding } from '@vmstation/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { equalCluster } from '../fixtures/equal-cluster.ts';
import { judgeCluster } from './judge-cluster.ts';
import type { LiveCluster } from './live-cluster.ts';

const cluster = exampleCluster();
const nobody: ReadonlyMap<string, string> = new Map();

function judged(parts: Partial<LiveCluster>, asleep = nobody) {
  return judgeCluster(cluster, { ...equalCluster(cluster), ...parts }, asleep);
}

function bad(parts: Partial<LiveCluster>, asleep = nobody): string[] {
  return judged(parts, asleep)
    .filter((property) => property.state !== 'ok')
    .map((property) => `${property.code} ${property.state}`);
}

test('a cluster that equals the model has only good findings, one a property', () => {
  const properties = judged({});
  expect(worstFinding(properties)).toBe('ok');
  expect(properties.map((property) => property.code)).toEqual([
    'infra/api',
    'infra/nodes',
    'infra/node-ready',
    'infra/node-ready',
    'infra/node-ready',
    'infra/version',
    'infra/cni',
    'infra/pod-range',
    'infra/service-range',
    'infra/dns',
    'infra/proxy',
  ]);
});

test('two of three nodes are not enough, and a fourth is one too many', () => {
  const { nodes } = equalCluster(cluster);
  const all = nodes.read ? nodes.value : [];
  expect(bad({ nodes: { read: true, value: all.slice(0, 2) } })).toContain('infra/nodes failed');
  const stranger = { name: 'stranger', ready: true, reason: '', version: 'v1.35.4', podRanges: [] };
  expect(bad({ nodes: { read: true, value: [...all, stranger] } })).toEqual(['infra/nodes failed']);
});

test('a node that sleeps on purpose is asleep, neither failed nor good; a dead one is failed', () => {
  const { nodes } = equalCluster(cluster);
  const value = (nodes.read ? nodes.value : []).map((node) =>
    node.name === 'homelab' ? { ...node, ready: false, reason: 'NodeStatusUnknown' } : node,
  );
  expect(bad({ nodes: { read: true, value } }, new Map([['homelab', 'suspended']]))).toEqual([
    'infra/node-ready asleep',
  ]);
  expect(bad({ nodes: { read: true, value } })).toEqual(['infra/node-ready failed']);
});

test('Kubespray’s default ranges, which a lost variable gives, are named with where they stand', () => {
  const findings = judged({
    pools: {
      read: true,
      value: [{ name: 'default-pool', cidr: '10.233.64.0/18', ipipMode: 'Always', vxlanMode: 'Never' }],
    },
    serviceRanges: { read: true, value: [{ place: '--service-cluster-ip-range', range: '10.233.0.0/18' }] },
  }).filter((property) => property.state !== 'ok');
  expect(findings.map((finding) => `${finding.code}: ${finding.evidence}`)).toEqual([
    'infra/pod-range: want 10.244.0.0/16; seen 10.233.64.0/18 (IPPool default-pool)',
    'infra/service-range: want 10.96.0.0/12; seen 10.233.0.0/18 (--service-cluster-ip-range)',
  ]);
});

test('what could not be read is unreadable, never good', () => {
  const silent = { read: false, because: 'forbidden' } as const;
  fc.assert(
    fc.property(
      fc.constantFrom<keyof LiveCluster>(
        'nodes',
        'pools',
        'calicoBackend',
        'podRanges',
        'serviceRanges',
        'dns',
        'proxyMode',
      ),
      (part) => {
        expect(worstFinding(judged({ [part]: silent }))).toBe('unreadable');
      },
    ),
  );
});

test('CoreDNS at another address or with nothing ready, another proxy mode and another version are failures', () => {
  expect(bad({ dns: { read: true, value: { clusterIp: '10.96.0.10', ready: 2, wanted: 2 } } })).toEqual([
    'infra/dns failed',
  ]);
  expect(bad({ dns: { read: true, value: { clusterIp: '10.96.0.3', ready: 0, wanted: 2 } } })).toEqual([
    'infra/dns failed',
  ]);
  expect(bad({ proxyMode: { read: true, value: 'ipvs' } })).toEqual(['infra/proxy failed']);
  expect(bad({ version: 'v1.34.9' })).toEqual(['infra/version failed']);
  expect(bad({ calicoBackend: { read: true, value: 'vxlan' } })).toEqual(['infra/cni failed']);
});
