import { exampleCluster } from '@vmstation/core';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { prometheusConfig } from './config.ts';
import { prometheusRules } from './rules.ts';

interface Job {
  readonly job_name: string;
  readonly static_configs?: readonly { readonly targets: readonly string[]; readonly labels: Record<string, string> }[];
  readonly kubernetes_sd_configs?: readonly object[];
}

function jobs(options?: { discovery: boolean }): readonly Job[] {
  const config = parse(prometheusConfig(exampleCluster(), options)) as { scrape_configs: readonly Job[] };
  return config.scrape_configs;
}

test('every node of the model is a target, also those that sleep, with its name and power class', () => {
  for (const name of ['node-exporter', 'kubelet', 'cadvisor']) {
    const found = jobs().find((job) => job.job_name === name)?.static_configs;
    expect(found?.map(({ labels }) => labels)).toEqual([
      { node: 'masternode', power_class: 'always-on' },
      { node: 'storagenodet3500', power_class: 'auto-sleep' },
      { node: 'homelab', power_class: 'on-demand' },
    ]);
  }
});

test('a management controller is asked under its node’s own module', () => {
  const ipmi = jobs().find((job) => job.job_name === 'ipmi')?.static_configs;
  expect(ipmi).toEqual([
    {
      targets: ['192.168.4.60'],
      labels: { node: 'homelab', power_class: 'on-demand', __param_module: 'homelab' },
    },
  ]);
});

test('discovery through the API is one job, and can be left out for checkers that do not know it', () => {
  const discovering = (list: readonly Job[]) => list.filter((job) => job.kubernetes_sd_configs !== undefined).length;
  expect(discovering(jobs())).toBe(1);
  expect(discovering(jobs({ discovery: false }))).toBe(0);
});

test('no rule judges whether a node answers unless the node is always on', () => {
  const { groups } = parse(prometheusRules(exampleCluster())) as {
    groups: readonly { rules: readonly { alert: string; expr: string; labels: { severity: string } }[] }[];
  };
  const rules = groups.flatMap((group) => group.rules);
  const onNodes = rules.filter(({ expr }) => /up\{[^}]*node-exporter|up\{[^}]*kubelet/.test(expr));
  expect(onNodes.map(({ alert }) => alert)).toEqual(['NodeDown']);
  expect(onNodes.every(({ expr }) => expr.includes('power_class="always-on"'))).toBe(true);
});
