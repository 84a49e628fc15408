import type { Versions } from './cluster.ts';

/** The versions that `vmstation init` locks: newest releases that were known to work together when this product was built. */
export const defaultVersions: Versions = {
  kubespray: { release: 'v2.31.0', commit: '1c9add48975060f45396b34d8e022c30d7f80dab' },
  kubernetes: '1.35.4',
  minecraft: '1.21.10',
  images: {
    prometheus: 'quay.io/prometheus/prometheus:v3.13.2',
    alertmanager: 'quay.io/prometheus/alertmanager:v0.34.0',
    grafana: 'docker.io/grafana/grafana:13.2.0',
    loki: 'docker.io/grafana/loki:3.7.6',
    alloy: 'docker.io/grafana/alloy:v1.18.1',
    'node-exporter': 'quay.io/prometheus/node-exporter:v1.12.1',
    'kube-state-metrics': 'registry.k8s.io/kube-state-metrics/kube-state-metrics:v2.20.0',
    'ipmi-exporter': 'docker.io/prometheuscommunity/ipmi-exporter:v1.10.1',
    jellyfin: 'docker.io/jellyfin/jellyfin:12.1',
    minecraft: 'docker.io/itzg/minecraft-server:2026.8.1',
  },
};

/** What a Kubespray release can install; from each tag's checksums, gate playbook and README. */
export interface KubesprayRelease {
  readonly release: string;
  /** First and last minor version of Kubernetes. */
  readonly kubernetes: { readonly from: number; readonly to: number };
  /** Newest patch that the release has checksums for, by minor version; empty when not recorded here. */
  readonly newestPatch: Readonly<Record<number, number>>;
  readonly rhel10: boolean;
}

/** Releases that are told apart when a combination is judged, newest first. */
export const kubesprayReleases: readonly KubesprayRelease[] = [
  { release: 'v2.31.0', kubernetes: { from: 33, to: 35 }, newestPatch: { 33: 11, 34: 7, 35: 4 }, rhel10: true },
  { release: 'v2.30.0', kubernetes: { from: 32, to: 34 }, newestPatch: { 34: 3 }, rhel10: true },
  { release: 'v2.29.1', kubernetes: { from: 31, to: 33 }, newestPatch: { 33: 7 }, rhel10: false },
  { release: 'v2.28.1', kubernetes: { from: 30, to: 32 }, newestPatch: { 32: 8 }, rhel10: false },
  { release: 'v2.27.1', kubernetes: { from: 29, to: 31 }, newestPatch: { 31: 9 }, rhel10: false },
];
