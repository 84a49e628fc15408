import type { Cluster } from '@vmstation/core';
import { alertmanager } from './alertmanager/index.ts';
import { alloy } from './alloy/index.ts';
import { base } from './base/index.ts';
import type { MonitorComponent } from './component.ts';
import { grafana } from './grafana/index.ts';
import { ipmiExporter } from './ipmi-exporter/index.ts';
import { kubeStateMetrics } from './kube-state-metrics/index.ts';
import { loki } from './loki/index.ts';
import { nodeExporter } from './node-exporter/index.ts';
import { prometheus } from './prometheus/index.ts';

const components: readonly MonitorComponent[] = [
  base,
  prometheus,
  alertmanager,
  loki,
  alloy,
  nodeExporter,
  kubeStateMetrics,
  ipmiExporter,
  grafana,
];

/** The parts of the stack that a cluster needs, the base first. */
export function componentsFor(cluster: Cluster): readonly MonitorComponent[] {
  return components.filter((component) => component.wanted?.(cluster) ?? true);
}
