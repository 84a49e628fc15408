import type { Cluster } from './cluster.ts';
import { type ClusterFileInput, clusterFileSchema } from './cluster-file.ts';
import { defaultVersions } from './default-versions.ts';
import { resolveCluster } from './resolve-cluster.ts';

/**
 * The cluster file of the example cluster, as `vmstation init --example` writes it: three machines, one that is always
 * on, one that sleeps when idle, one that is off until it is demanded.
 */
export function exampleClusterFile(): string {
  return exampleText;
}

/** The example cluster, resolved, with the default versions: what tests build on. */
export function exampleCluster(): Cluster {
  return resolveCluster(clusterFileSchema.parse(exampleClusterData), defaultVersions);
}

/** The example's content as data; a test holds it equal to the text. */
export const exampleClusterData: ClusterFileInput = {
  cluster: { name: 'vmstation', domain: 'home.arpa', kubernetes: '1.35' },
  network: {
    nodes: '192.168.4.0/24',
    gateway: '192.168.4.1',
    pods: '10.244.0.0/16',
    services: '10.96.0.0/12',
    cni: { calico: { encapsulation: 'ipip', bgp: true } },
  },
  nodes: {
    masternode: {
      address: '192.168.4.63',
      os: 'debian-12',
      roles: ['control-plane', 'monitoring'],
      power: 'always-on',
    },
    storagenodet3500: {
      address: '192.168.4.61',
      os: 'debian-12',
      mac: '02:00:00:00:00:61',
      roles: ['worker', 'storage'],
      power: { policy: 'auto-sleep', 'idle-after': '2h', 'wake-within': '30s', watts: { idle: 95, asleep: 4 } },
    },
    homelab: {
      address: '192.168.4.62',
      os: 'rhel-10',
      mac: '02:00:00:00:00:62',
      roles: ['worker', 'compute'],
      power: {
        policy: 'on-demand',
        'sleep-method': 'poweroff',
        'wake-within': '6m',
        driver: { ipmi: { address: '192.168.4.60', user: 'operator', password: 'secret:homelab-bmc' } },
      },
    },
  },
  storage: { media: { node: 'storagenodet3500', path: '/srv/media', share: 'nfs' } },
  services: { ntp: { server: 'masternode' }, syslog: { server: 'masternode', keep: '30d' } },
  monitoring: {
    data: '/srv/monitoring',
    prometheus: { port: 30_000, keep: '30d' },
    grafana: { port: 30_001 },
    loki: { port: 3100, keep: '30d' },
    notify: [{ ntfy: { topic: 'secret:ntfy-topic' } }],
  },
  apps: {
    jellyfin: {
      node: 'storagenodet3500',
      port: 30_002,
      media: { storage: 'media', 'read-only': true },
      wakes: true,
    },
    minecraft: { node: 'homelab', port: 30_565, wakes: true, players: ['alex'] },
  },
};

const exampleText = `# yaml-language-server: $schema=.vmstation/vmstation.schema.json
#
# The machines of this cluster and everything that is to run on them. vmstation check says what is wrong with this file,
# vmstation up makes it so. Every key that is left out has a default; exact versions stand in versions.lock.

cluster:
  name: vmstation
  domain: home.arpa
  kubernetes: "1.35"

network:
  nodes: 192.168.4.0/24
  gateway: 192.168.4.1
  pods: 10.244.0.0/16
  services: 10.96.0.0/12
  cni:
    calico: { encapsulation: ipip, bgp: true }     # an overlay between the nodes, with routes told by BGP

nodes:
  masternode:                             # runs the Kubernetes API and monitoring, so it never sleeps
    address: 192.168.4.63
    os: debian-12
    roles: [control-plane, monitoring]
    power: always-on

  storagenodet3500:                       # sleeps when nobody has used it for two hours
    address: 192.168.4.61
    os: debian-12
    mac: 02:00:00:00:00:61                # made up: ip link on the machine shows the real one
    roles: [worker, storage]
    power:
      policy: auto-sleep
      idle-after: 2h
      wake-within: 30s
      watts: { idle: 95, asleep: 4 }

  homelab:                                # off until something demands it; a rack server cannot suspend
    address: 192.168.4.62
    os: rhel-10
    mac: 02:00:00:00:00:62
    roles: [worker, compute]
    power:
      policy: on-demand
      sleep-method: poweroff
      wake-within: 6m
      driver: { ipmi: { address: 192.168.4.60, user: operator, password: secret:homelab-bmc } }

storage:
  media: { node: storagenodet3500, path: /srv/media, share: nfs }

services:
  ntp: { server: masternode }
  syslog: { server: masternode, keep: 30d }

monitoring:
  data: /srv/monitoring                   # on a disk of an always-on node: checked
  prometheus: { port: 30000, keep: 30d }
  grafana: { port: 30001 }                # user admin, password secret:grafana-admin-password
  loki: { port: 3100, keep: 30d }         # a port of the machine: it is outside the NodePort range
  notify:
    - ntfy: { topic: secret:ntfy-topic }

apps:
  jellyfin: { node: storagenodet3500, port: 30002, media: { storage: media, read-only: true }, wakes: true }
  minecraft: { node: homelab, port: 30565, wakes: true, players: [alex] }
`;
