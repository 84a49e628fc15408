import { formatCidr, nthAddress, parseCidr } from '../net/cidr.ts';
import type { AppFolderEntry } from './app-folder-file.ts';
import type {
  Cluster,
  ClusterApp,
  ClusterKerberos,
  ClusterMonitoring,
  ClusterNetwork,
  ClusterNode,
  ClusterPlaybook,
  ClusterSystem,
  ClusterUser,
  NodeInterface,
  NodeLogin,
  Notifier,
  OpenPort,
  SharedStorage,
  SshAccess,
  Versions,
} from './cluster.ts';
import type { ClusterFile, NodeEntry } from './cluster-file.ts';
import {
  appKindOf,
  appPortOf,
  controlPlaneNames,
  defaultKerberosKeys,
  kerberosServerName,
  monitoringNodeName,
  mountPathOf,
  ntpServerName,
  powerOf,
  secretRef,
  storageMounts,
  syslogServerName,
} from './derived.ts';
import { durationDays, durationSeconds } from './duration.ts';
import { resolveEndpoints } from './resolve-endpoints.ts';
import { canonicalMac } from './rules/node-rules.ts';

/**
 * The model of a cluster file that has no faults: every default filled in, every reference followed.
 * Throws Error for a file that {@link validateClusterFile} would refuse.
 */
export function resolveCluster(
  file: ClusterFile,
  versions: Versions,
  appFolders: readonly AppFolderEntry[] = [],
): Cluster {
  const model: Omit<Cluster, 'endpoints'> = {
    name: file.cluster.name,
    domain: file.cluster.domain,
    timezone: file.cluster.timezone,
    network: resolveNetwork(file),
    nodes: Object.entries(file.nodes).map(([name, node]) => resolveNode(file, name, node)),
    access: resolveAccess(file),
    users: resolveUsers(file),
    system: resolveSystem(file),
    storage: Object.keys(file.storage).map((name) => resolveStorage(file, name)),
    services: resolveServices(file),
    monitoring: resolveMonitoring(file),
    apps: [...builtInApps(file), ...folderApps(file, appFolders)],
    playbooks: resolvePlaybooks(file),
    versions,
  };
  return { ...model, endpoints: resolveEndpoints(model, appFolders) };
}

function range(text: string): { readonly base: number; readonly prefix: number } {
  const parsed = parseCidr(text);
  if (parsed === undefined) throw new Error(`${text} is no range; the file was not validated`);
  return parsed;
}

function resolveNetwork(file: ClusterFile): ClusterNetwork {
  const { network } = file;
  const services = range(network.services);
  return {
    nodes: formatCidr(range(network.nodes)),
    gateway: network.gateway,
    pods: formatCidr(range(network.pods)),
    services: formatCidr(services),
    // Kubespray's kubespray_defaults: skydns_server is address 3 of kube_service_addresses; kubeadm alone would take 10.
    dnsServiceIp: nthAddress(services, 3),
    resolvers: resolversOf(file),
    dns:
      network.dns === undefined
        ? undefined
        : {
            servers: network.dns.servers ?? resolversOf(file).slice(0, 3),
            search: network.dns.search ?? [file.cluster.domain],
          },
    cni: { plugin: 'calico', ...network.cni.calico },
  };
}

function resolversOf({ network }: ClusterFile): readonly string[] {
  return network.resolvers ?? [network.gateway];
}

function resolveInterface(file: ClusterFile, node: NodeEntry): NodeInterface | undefined {
  const card = node.interface;
  if (card === undefined) return undefined;
  return {
    name: card.name,
    isStatic: card.static,
    gateway: card.gateway ?? file.network.gateway,
    mtu: card.mtu,
    wakeOnLan: card['wake-on-lan'],
  };
}

function resolveOpenPort(text: string): OpenPort {
  const [ports = '', protocol] = text.split('/');
  return { ports, protocol: protocol === 'udp' ? 'udp' : 'tcp' };
}

function resolveLogin(file: ClusterFile, node: NodeEntry): NodeLogin {
  const user = node.ssh.user ?? file.ssh.user ?? 'root';
  const password = node.ssh['sudo-password'] ?? file.ssh['sudo-password'];
  return {
    user,
    port: node.ssh.port ?? file.ssh.port ?? 22,
    local: node.ssh.local ?? false,
    ...(password === undefined || user === 'root' ? {} : { sudoPassword: secretRef(password) }),
  };
}

function resolveNode(file: ClusterFile, name: string, node: NodeEntry): ClusterNode {
  return {
    name,
    address: node.address,
    os: node.os,
    mac: node.mac === undefined ? undefined : canonicalMac(node.mac),
    roles: [...new Set(node.roles)],
    groups: groupsOf(node),
    power: powerOf(node),
    interface: resolveInterface(file, node),
    openPorts: node['open-ports'].map(resolveOpenPort),
    ssh: resolveLogin(file, node),
    disks: node.disks,
  };
}

/** Groups whose overlays apply to a node, weakest first: common, the roles, then the labels of its own. */
export function groupsOf(node: NodeEntry): readonly string[] {
  return [...new Set(['common', ...node.roles, ...node.groups])];
}

function resolveAccess({ ssh }: ClusterFile): SshAccess {
  return {
    keys: ssh.keys,
    rootLogin: ssh['root-login'],
    passwords: ssh.passwords,
    allowUsers: ssh['allow-users'],
    allowGroups: ssh['allow-groups'],
    banner: ssh.banner === 'off' ? undefined : `${ssh.banner.trimEnd()}\n`,
  };
}

function resolveUsers(file: ClusterFile): readonly ClusterUser[] {
  return Object.entries(file.users).map(([name, user]) => ({
    name,
    keys: user.keys.map((key) => key.trim()),
    groups: user.groups,
    sudo: user.sudo,
    uid: user.uid,
    shell: user.shell,
    nodes: user.nodes ?? Object.keys(file.nodes),
    locked: user.locked,
  }));
}

function resolvePlaybooks(file: ClusterFile): readonly ClusterPlaybook[] {
  return Object.entries(file.playbooks).map(([name, playbook]) => {
    const all = playbook.nodes === undefined && playbook.groups === undefined;
    const chosen = Object.entries(file.nodes).filter(
      ([node, entry]) =>
        all ||
        playbook.nodes?.includes(node) === true ||
        groupsOf(entry).some((group) => playbook.groups?.includes(group) === true),
    );
    return {
      name,
      after: playbook.after,
      nodes: chosen.map(([node]) => node),
      tags: playbook.tags,
      skipTags: playbook['skip-tags'],
      vars: playbook.vars,
      canCheck: playbook.check,
    };
  });
}

function resolveSystem({ system }: ClusterFile): ClusterSystem {
  const { upgrades, audit, journal } = system;
  return {
    upgrades,
    audit,
    journal: { size: journal.size, keepDays: keepDays(journal.keep) },
    idleLogoutSeconds: system['idle-logout'] === 'off' ? undefined : durationSeconds(system['idle-logout']),
    openFiles: system['open-files'],
  };
}

function resolveStorage(file: ClusterFile, name: string): SharedStorage {
  const entry = file.storage[name];
  if (entry === undefined) throw new Error(`no storage ${name}`);
  const mounts = storageMounts(file).filter((mount) => mount.storage === name);
  return {
    name,
    node: entry.node,
    path: entry.path,
    share: entry.share,
    mountOn: [...new Set(mounts.map((mount) => mount.node))],
    mountPath: mountPathOf(file, name),
    owner: entry.owner,
  };
}

function resolveServices(file: ClusterFile): Cluster['services'] {
  const { ntp, syslog } = file.services;
  const server = syslogServerName(file);
  return {
    ntp: { server: ntpServerName(file), upstream: ntp.upstream },
    syslog: server === undefined || syslog === 'off' ? undefined : { server, keepDays: keepDays(syslog.keep) },
    kerberos: resolveKerberos(file),
  };
}

function resolveKerberos(file: ClusterFile): ClusterKerberos | undefined {
  const { kerberos } = file.services;
  if (kerberos === 'off') return undefined;
  const realm = kerberos.realm ?? file.cluster.domain.toUpperCase();
  const hosts = [...new Set(kerberos.hosts ?? Object.keys(file.nodes))];
  const server = kerberosServerName(file);
  if (server === undefined) {
    const { freeipa } = kerberos;
    if (freeipa === undefined) throw new Error('freeipa is not described; the file was not validated');
    const { 'enrol-as': enrolAs, password } = freeipa;
    return { provider: 'freeipa', realm, hosts, ipaServer: freeipa.server, enrolAs, password: secretRef(password) };
  }
  return {
    provider: 'mit',
    realm,
    hosts,
    server,
    keys: secretRef(kerberos.keys ?? defaultKerberosKeys),
    keyVersion: kerberos['key-version'],
    users: Object.entries(kerberos.users).map(([name, user]) => ({
      name,
      password: secretRef(user.password),
      account: user.account,
    })),
    services: kerberos.services.map(({ name, node, keytab, owner }) => ({ name, node, keytab, owner })),
  };
}

function keepDays(text: string): number {
  const days = durationDays(text);
  if (days === undefined) throw new Error(`${text} is no whole number of days; the file was not validated`);
  return days;
}

function resolveMonitoring(file: ClusterFile): ClusterMonitoring {
  const { monitoring } = file;
  return {
    node: monitoringNodeName(file),
    namespace: monitoring.namespace,
    dataPath: monitoring.data,
    prometheus: { port: monitoring.prometheus.port, keepDays: keepDays(monitoring.prometheus.keep) },
    alertmanager: { port: monitoring.alertmanager.port },
    grafana: { port: monitoring.grafana.port, adminPassword: secretRef(monitoring.grafana['admin-password']) },
    loki: { port: monitoring.loki.port, keepDays: keepDays(monitoring.loki.keep) },
    notify: monitoring.notify.map(resolveNotifier),
  };
}

function resolveNotifier(entry: ClusterFile['monitoring']['notify'][number]): Notifier {
  if ('ntfy' in entry) return { kind: 'ntfy', url: entry.ntfy.url, topic: secretRef(entry.ntfy.topic) };
  return { kind: 'webhook', url: secretRef(entry.webhook.url) };
}

function builtInApps(file: ClusterFile): readonly ClusterApp[] {
  return Object.entries(file.apps).map(([name, app]) => {
    const kind = appKindOf(name, app);
    if (kind === undefined) throw new Error(`the kind of ${name} is not known; the file was not validated`);
    return {
      name,
      kind,
      node: app.node,
      namespace: app.namespace ?? name,
      port: appPortOf(name, app),
      wakes: app.wakes,
      media: app.media === undefined ? undefined : { storage: app.media.storage, readOnly: app.media['read-only'] },
      players: app.players,
      ...(kind === 'minecraft' ? { rcon: secretRef(app.rcon ?? `secret:${name}-rcon`) } : {}),
    };
  });
}

function folderApps(file: ClusterFile, appFolders: readonly AppFolderEntry[]): readonly ClusterApp[] {
  return appFolders.map(({ name, settings }) => ({
    name,
    kind: 'folder',
    node: settings.node ?? controlPlaneNames(file)[0] ?? '',
    namespace: settings.namespace ?? name,
    port: settings.port,
    wakes: settings.wakes,
    media: undefined,
    players: [],
  }));
}
