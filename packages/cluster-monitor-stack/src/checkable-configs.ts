import type { Cluster } from '@vmstation/core';
import { alertmanagerConfig } from './components/alertmanager/config.ts';
import { alloyConfig } from './components/alloy/config.ts';
import { lokiConfig } from './components/loki/config.ts';
import { prometheusConfig } from './components/prometheus/config.ts';
import { prometheusRules } from './components/prometheus/rules.ts';

/** A generated configuration, and the program that judges it. */
export interface CheckableConfig {
  readonly name: string;
  readonly text: string;
  /** Argument vector of the judge, `{}` standing for the file; undefined when no Debian package has one. */
  readonly checker: readonly string[] | undefined;
  /** How the text differs from what is deployed because the judge is older than the program; undefined when it does not. */
  readonly variant?: string;
}

/** Every generated configuration of the stack, for the suites that run the programs' own checkers. */
export function checkableConfigs(cluster: Cluster): readonly CheckableConfig[] {
  return [
    {
      name: 'prometheus.yml',
      text: prometheusConfig(cluster, { discovery: false }),
      checker: ['promtool', 'check', 'config', '--syntax-only', '{}'],
      variant: 'without discovery through the Kubernetes API, which Debian builds out of promtool',
    },
    { name: 'rules.yml', text: prometheusRules(cluster), checker: ['promtool', 'check', 'rules', '{}'] },
    {
      name: 'alertmanager.yml',
      text: alertmanagerConfig(cluster, { inlineUrl: 'http://127.0.0.1:9/' }),
      checker: ['amtool', 'check-config', '{}'],
      variant: 'with an address in place of url_file, which amtool before 0.26 does not know',
    },
    { name: 'loki.yaml', text: lokiConfig(cluster), checker: undefined },
    { name: 'config.alloy', text: alloyConfig(cluster), checker: undefined },
  ];
}
