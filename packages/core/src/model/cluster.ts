import type { PhaseName } from '../phase/phase-name.ts';

/**
 * The resolved cluster: the cluster file with every default filled in, names checked and references followed.
 * Everything that is generated (manifests, inventories, roles, URLs, checks) reads this and nothing else.
 */

/** What a node may be for. `control-plane` runs the API; `worker` runs pods; the rest are labels that place work. */
export type NodeRole = 'control-plane' | 'worker' | 'monitoring' | 'storage' | 'compute';

/** Operating systems that the product knows, as `family-major`. */
export type NodeOs = 'debian-12' | 'debian-13' | 'rhel-10' | 'rhel-9';

/** How a node may sleep. Durations in seconds. */
export interface NodePower {
  readonly policy: 'always-on' | 'auto-sleep' | 'on-demand';
  readonly sleepMethod: 'suspend' | 'poweroff';
  readonly idleAfterSeconds: number | undefined;
  readonly wakeWithinSeconds: number | undefined;
  readonly watts: { readonly idle: number; readonly asleep: number } | undefined;
  readonly driver: PowerDriver;
}

/** How a node is woken. */
export type PowerDriver =
  | { readonly kind: 'wake-on-lan' }
  | { readonly kind: 'ipmi'; readonly address: string; readonly user: string; readonly password: SecretRef };

/** The name of a secret; its value is never part of the model. Written `secret:NAME` in the cluster file. */
export interface SecretRef {
  readonly secret: string;
}

/** The network card of a node, as far as the model speaks of it. */
export interface NodeInterface {
  readonly name: string;
  /** The node's address is fixed on the card. */
  readonly isStatic: boolean;
  readonly gateway: string;
  readonly mtu: number | undefined;
  readonly wakeOnLan: boolean | undefined;
}

/** Ports that answer the LAN for services that the model does not know. */
export interface OpenPort {
  readonly protocol: 'tcp' | 'udp';
  /** One port, or `from-to`. */
  readonly ports: string;
}

/** How the product logs in to a node. */
export interface NodeLogin {
  readonly user: string;
  readonly port: number;
  readonly local: boolean;
  /** What sudo is told when it asks; left out: sudo asks for nothing. */
  readonly sudoPassword?: SecretRef;
}

/** A machine of the cluster. */
export interface ClusterNode {
  readonly name: string;
  readonly address: string;
  readonly os: NodeOs;
  readonly mac: string | undefined;
  readonly roles: readonly NodeRole[];
  /** Groups whose overlays apply, `common` first. */
  readonly groups: readonly string[];
  readonly power: NodePower;
  readonly interface: NodeInterface | undefined;
  readonly openPorts: readonly OpenPort[];
  readonly ssh: NodeLogin;
  /** Further disks, mounted at boot. */
  readonly disks: readonly NodeDisk[];
}

/** A file system on a disk of a node. */
export interface NodeDisk {
  readonly path: string;
  /** `UUID=…`, `LABEL=…` or a lasting path below /dev. */
  readonly device: string;
  readonly type: 'ext4' | 'xfs';
  readonly options: readonly string[];
}

/** Care for the operating system of every node. */
export interface ClusterSystem {
  readonly upgrades: 'security' | 'off';
  readonly audit: boolean;
  /** `size` as journald.conf(5) has it, for example `500M`. */
  readonly journal: { readonly size: string; readonly keepDays: number };
  /** How long a shell may wait at its prompt; undefined: for ever. */
  readonly idleLogoutSeconds: number | undefined;
  /** Hard limit of open files of services. */
  readonly openFiles: number;
}

/** What the SSH servers of all nodes let in, besides the keys of users. */
export interface SshAccess {
  /** Further public keys of the user that the product logs in as. */
  readonly keys: readonly string[];
  /** Undefined: by key where the product itself logs in as root, else never. */
  readonly rootLogin: 'never' | 'key' | 'password' | undefined;
  readonly passwords: boolean;
  /** Undefined: no such limit. The user that the product logs in as is never left out. */
  readonly allowUsers: readonly string[] | undefined;
  readonly allowGroups: readonly string[] | undefined;
  /** Shown before a login; undefined: nothing. */
  readonly banner: string | undefined;
}

/** An account of a person. */
export interface ClusterUser {
  readonly name: string;
  /** Public keys, one line each. */
  readonly keys: readonly string[];
  readonly groups: readonly string[];
  readonly sudo: 'none' | 'password' | 'no-password';
  readonly uid: number | undefined;
  readonly shell: string | undefined;
  /** Names of the nodes that have the account. */
  readonly nodes: readonly string[];
  /** May not log in any more; the account stays. */
  readonly locked: boolean;
}

/** Storage that one node offers to others. */
export interface SharedStorage {
  readonly name: string;
  readonly node: string;
  readonly path: string;
  readonly share: 'nfs' | 'none';
  /** Nodes that mount it, besides the owner. */
  readonly mountOn: readonly string[];
  /** Where the others mount it. */
  readonly mountPath: string;
  /** Numeric owner of the path, so that pods of that user can write. */
  readonly owner: { readonly uid: number; readonly gid: number };
}

/** The built-in application kinds, and any folder under `apps/`. */
export interface ClusterApp {
  readonly name: string;
  readonly kind: 'jellyfin' | 'minecraft' | 'folder';
  readonly node: string;
  readonly namespace: string;
  readonly port: number | undefined;
  readonly wakes: boolean;
  readonly media: { readonly storage: string; readonly readOnly: boolean } | undefined;
  readonly players: readonly string[];
  /** Password of a game server's remote console; only where the kind has one. */
  readonly rcon?: SecretRef;
}

/** Somebody who is told of alerts. */
export type Notifier =
  | { readonly kind: 'ntfy'; readonly url: string; readonly topic: SecretRef }
  | { readonly kind: 'webhook'; readonly url: SecretRef };

/** Monitoring: where it runs, on which ports, for how long data is kept. */
export interface ClusterMonitoring {
  readonly node: string;
  readonly namespace: string;
  readonly dataPath: string;
  readonly prometheus: { readonly port: number; readonly keepDays: number };
  readonly alertmanager: { readonly port: number };
  readonly grafana: { readonly port: number; readonly adminPassword: SecretRef };
  readonly loki: { readonly port: number; readonly keepDays: number };
  readonly notify: readonly Notifier[];
}

/** The cluster network. All ranges are canonical CIDR text. */
export interface ClusterNetwork {
  readonly nodes: string;
  readonly gateway: string;
  readonly pods: string;
  readonly services: string;
  /** CoreDNS' Service address: the third of the service range, as Kubespray decides it. */
  readonly dnsServiceIp: string;
  /** Addresses for names that the cluster does not answer itself. */
  readonly resolvers: readonly string[];
  /** What the nodes themselves ask; undefined: it is left as it is. */
  readonly dns: { readonly servers: readonly string[]; readonly search: readonly string[] } | undefined;
  readonly cni: { readonly plugin: 'calico'; readonly encapsulation: 'ipip' | 'vxlan' | 'none'; readonly bgp: boolean };
}

/** Something that answers at an address of the model; every URL in docs, manifests and checks comes from here. */
export interface Endpoint {
  readonly name: string;
  readonly title: string;
  readonly url: string;
  readonly address: string;
  readonly port: number;
  /** The node whose work answers. */
  readonly node: string;
  readonly probe: { readonly kind: 'http' | 'tcp' | 'kubernetes'; readonly path: string };
  readonly phase: 'infra' | 'monitor-stack' | 'application-stack';
}

/** Every version that is deployed, from versions.lock. */
export interface Versions {
  readonly kubespray: { readonly release: string; readonly commit: string };
  readonly kubernetes: string;
  /** The game of the Minecraft server, besides its image. */
  readonly minecraft: string;
  /** Container images by component name: `repository:tag`. */
  readonly images: Readonly<Record<string, string>>;
}

/** A service that has a key of its own on a node. */
export interface KerberosService {
  /** As it stands before the slash: `HTTP`, `nfs`. */
  readonly name: string;
  readonly node: string;
  /** Where its key lies; undefined: with the node's own. */
  readonly keytab: string | undefined;
  /** Who may read that file. */
  readonly owner: string;
}

/** What every realm has. */
interface KerberosRealm {
  readonly realm: string;
  /** Nodes that are enrolled: they have a key, and their SSH server takes tickets. */
  readonly hosts: readonly string[];
}

/** Tickets: an MIT KDC on one of the nodes, or a FreeIPA realm that somebody else runs. */
export type ClusterKerberos =
  | (KerberosRealm & {
      readonly provider: 'mit';
      /** The node that runs the KDC. */
      readonly server: string;
      /** What the keys of hosts and services, and of the database, are derived from. */
      readonly keys: SecretRef;
      readonly keyVersion: number;
      readonly users: readonly { readonly name: string; readonly password: SecretRef; readonly account: boolean }[];
      readonly services: readonly KerberosService[];
    })
  | (KerberosRealm & {
      readonly provider: 'freeipa';
      /** Host name of a FreeIPA server. */
      readonly ipaServer: string;
      readonly enrolAs: string;
      readonly password: SecretRef;
    });

/** A playbook of the operator that runs as steps: `playbooks/NAME.yml` of the workspace. */
export interface ClusterPlaybook {
  readonly name: string;
  /** The phase after whose own steps it runs. */
  readonly after: PhaseName;
  /** Names of the nodes it runs on. */
  readonly nodes: readonly string[];
  readonly tags: readonly string[];
  readonly skipTags: readonly string[];
  /** Extra variables; a secret stands as the text `secret:NAME`. */
  readonly vars: Readonly<Record<string, unknown>>;
  /** Its tasks can be asked what they would change. */
  readonly canCheck: boolean;
}

/** The whole cluster. */
export interface Cluster {
  readonly name: string;
  readonly domain: string;
  readonly timezone: string;
  readonly network: ClusterNetwork;
  readonly nodes: readonly ClusterNode[];
  readonly access: SshAccess;
  readonly users: readonly ClusterUser[];
  readonly system: ClusterSystem;
  readonly storage: readonly SharedStorage[];
  readonly services: {
    readonly ntp: { readonly server: string; readonly upstream: readonly string[] };
    readonly syslog: { readonly server: string; readonly keepDays: number } | undefined;
    /** Undefined: off. */
    readonly kerberos?: ClusterKerberos | undefined;
  };
  readonly monitoring: ClusterMonitoring;
  readonly apps: readonly ClusterApp[];
  readonly playbooks: readonly ClusterPlaybook[];
  readonly endpoints: readonly Endpoint[];
  readonly versions: Versions;
}

/** The node of a name. Throws when the model has none: a resolved model never refers to a node it lacks. */
export function nodeOf(cluster: Cluster, name: string): ClusterNode {
  const node = cluster.nodes.find((candidate) => candidate.name === name);
  if (node === undefined) throw new Error(`the model has no node ${name}`);
  return node;
}

/** Nodes that carry a role. */
export function nodesWithRole(cluster: Cluster, role: NodeRole): readonly ClusterNode[] {
  return cluster.nodes.filter((node) => node.roles.includes(role));
}

/** True when the node may be asleep on purpose. */
export function maySleep(node: ClusterNode): boolean {
  return node.power.policy !== 'always-on';
}
