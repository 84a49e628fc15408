import { controlPlaneNames } from '../derived.ts';
import { type DocumentPath, type Fault, formatPath } from '../fault.ts';
import { fault, type Rule } from './rule.ts';

interface Claim {
  readonly key: string;
  readonly path: DocumentPath;
}

/** Later claims of something that an earlier one has already. */
function repeated(claims: readonly Claim[], toFault: (claim: Claim, first: Claim) => Fault): readonly Fault[] {
  const firsts = new Map<string, Claim>();
  return claims.flatMap((claim) => {
    const first = firsts.get(claim.key);
    if (first !== undefined) return [toFault(claim, first)];
    firsts.set(claim.key, claim);
    return [];
  });
}

/** An address belongs to one machine: the router, a node or a management controller. */
export const addressesAreUnique: Rule = ({ file }) => {
  const claims = [{ key: file.network.gateway, path: ['network', 'gateway'] }];
  for (const [name, node] of Object.entries(file.nodes)) {
    claims.push({ key: node.address, path: ['nodes', name, 'address'] });
    if (typeof node.power === 'string' || typeof node.power.driver === 'string') continue;
    claims.push({ key: node.power.driver.ipmi.address, path: ['nodes', name, 'power', 'driver', 'ipmi', 'address'] });
  }
  return repeated(claims, (claim, first) =>
    fault(
      'cluster-file/duplicate-address',
      claim.path,
      `The address ${claim.key} is already that of ${formatPath(first.path)}.`,
      'Give each machine its own address.',
      { related: first.path },
    ),
  );
};

/** A MAC address belongs to one network card, however it is written. */
export const macsAreUnique: Rule = ({ file }) => {
  const claims = Object.entries(file.nodes).flatMap(([name, node]) =>
    node.mac === undefined ? [] : [{ key: canonicalMac(node.mac), path: ['nodes', name, 'mac'] }],
  );
  return repeated(claims, (claim, first) =>
    fault(
      'cluster-file/duplicate-mac',
      claim.path,
      `The MAC address ${claim.key} is already that of ${formatPath(first.path)}; a magic packet would wake the wrong machine.`,
      'Read it on the machine itself: ip link.',
      { related: first.path },
    ),
  );
};

/** A MAC address in small letters with colons. */
export function canonicalMac(text: string): string {
  return text.toLowerCase().replaceAll('-', ':');
}

/** A cluster has an odd number of control planes, so that etcd can always find a majority; and one at least. */
export const controlPlanesAreOdd: Rule = ({ file }) => {
  const names = controlPlaneNames(file);
  if (names.length === 0) {
    const message = 'No node has the role control-plane, so nothing would run the Kubernetes API.';
    return [
      fault('cluster-file/control-plane-count', ['nodes'], message, 'Add the role to the node that is always on.', {
        atKey: true,
      }),
    ];
  }
  if (names.length % 2 === 1) return [];
  const last = names.at(-1) ?? '';
  const message = `${names.length} control planes (${names.join(', ')}): etcd with an even number survives no more failures than with one less.`;
  return [fault('cluster-file/control-plane-count', ['nodes', last, 'roles'], message, 'Have 1, 3 or 5 of them.')];
};

/** Monitoring keeps its data on one node's disk. */
export const monitoringHasOneNode: Rule = ({ file }) => {
  const names = Object.keys(file.nodes).filter((name) => file.nodes[name]?.roles.includes('monitoring'));
  const [first, second] = names;
  if (first === undefined || second === undefined) return [];
  const message = `${names.length} nodes have the role monitoring (${names.join(', ')}); its data lies on one disk.`;
  return [
    fault('cluster-file/monitoring-count', ['nodes', second, 'roles'], message, 'Leave the role to one node.', {
      related: ['nodes', first, 'roles'],
    }),
  ];
};

/** Nodes of one cluster use one login each way: this computer can be only one of them. */
export const oneNodeIsLocal: Rule = ({ file }) => {
  const claims = Object.entries(file.nodes)
    .filter(([, node]) => node.ssh.local === true)
    .map(([name]) => ({ key: 'local', path: ['nodes', name, 'ssh', 'local'] }));
  return repeated(claims, (claim, first) =>
    fault(
      'cluster-file/several-local-nodes',
      claim.path,
      'This computer can be only one of the nodes.',
      'Leave local: true to the node on which vmstation runs.',
      { related: first.path },
    ),
  );
};
