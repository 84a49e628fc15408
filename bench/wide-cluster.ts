/** A cluster file of one control plane and so many workers, every third of them RHEL, in one network. */
export function wideClusterFile(nodes: number): string {
  const address = (index: number): string => `10.20.${Math.floor(index / 250)}.${(index % 250) + 2}`;
  const workers = Array.from({ length: nodes - 1 }, (_, index) => {
    const os = index % 3 === 2 ? 'rhel-10' : 'debian-12';
    return `  worker${index + 1}: { address: ${address(index + 1)}, os: ${os}, roles: [worker], power: always-on }`;
  });
  return [
    'cluster: { name: wide, domain: home.arpa, kubernetes: "1.35" }',
    'network:',
    '  nodes: 10.20.0.0/16',
    '  gateway: 10.20.255.254',
    '  pods: 10.240.0.0/13',
    '  services: 10.96.0.0/12',
    '  cni: { calico: { encapsulation: ipip, bgp: true } }',
    'nodes:',
    `  first: { address: ${address(0)}, os: debian-12, roles: [control-plane], power: always-on }`,
    ...workers,
    'services: { ntp: { server: first }, syslog: { server: first, keep: 30d } }',
    '',
  ].join('\n');
}
