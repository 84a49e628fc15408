import type { Cluster, ClusterNode, Secrets } from '@vmstation/core';
import { yamlText } from '../yaml-text.ts';

/** A node's management controller. */
export interface Bmc {
  readonly node: ClusterNode;
  readonly address: string;
  readonly user: string;
  /** Name of the secret. */
  readonly password: string;
}

/** The management controllers of the model. */
export function bmcsOf(cluster: Cluster): readonly Bmc[] {
  return cluster.nodes.flatMap((node) => {
    const { driver } = node.power;
    if (driver.kind !== 'ipmi') return [];
    return [{ node, address: driver.address, user: driver.user, password: driver.password.secret }];
  });
}

/**
 * ipmi.yml with one module a node, named after it, so that each has its own account. Field names and the unit of `timeout`
 * (milliseconds) are those of ipmi_exporter 1.10. The text holds passwords: it belongs in a Secret.
 */
export async function ipmiConfig(cluster: Cluster, secrets: Pick<Secrets, 'get'>): Promise<string> {
  const modules = await Promise.all(
    bmcsOf(cluster).map(async ({ node, user, password }) => {
      const pass = (await secrets.get(password)).reveal();
      const module = {
        user,
        pass,
        driver: 'LAN_2_0',
        privilege: 'user',
        timeout: 10_000,
        collectors: ['bmc', 'ipmi', 'chassis', 'dcmi'],
      };
      return [node.name, module] as const;
    }),
  );
  return yamlText({ modules: Object.fromEntries(modules) });
}
