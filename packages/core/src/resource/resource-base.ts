/**
 * Generic declarations of host state: data only, so that any package can declare and only `host` acts.
 * An attribute left out is unmanaged: it is neither compared nor changed.
 */

/** `kind:key`, for example `file:/etc/motd`; unique on a node. */
export type ResourceId = `${ResourceKind}:${string}`;

/** The kinds of resource that `host` knows. */
export type ResourceKind =
  | 'file'
  | 'directory'
  | 'symlink'
  | 'line'
  | 'block'
  | 'package'
  | 'package-repository'
  | 'service'
  | 'unit'
  | 'sysctl'
  | 'kernel-module'
  | 'swap'
  | 'user'
  | 'group'
  | 'authorized-key'
  | 'hostname'
  | 'hosts-entry'
  | 'hosts-entries'
  | 'timezone'
  | 'mount'
  | 'filesystem'
  | 'link'
  | 'selinux'
  | 'resolver'
  | 'network-interface'
  | 'command'
  | 'kerberos-principal';

/** Which of the node's own ways in a resource could close; such resources run only in try mode. */
export type GuardArea = 'sshd' | 'sudoers' | 'pam' | 'firewall' | 'network' | 'resolver' | 'login-key';

/** Attributes that every resource may carry. */
export interface ResourceBase {
  readonly kind: ResourceKind;
  /** Ids that must be right before this one is applied. */
  readonly after?: readonly ResourceId[];
  /** Set for resources that may close the operator's way in. */
  readonly guard?: GuardArea;
  /** Units to act on once, at the end, when this resource changed. */
  readonly notifies?: readonly UnitAction[];
}

/** A handler: what to do with a unit after a change. */
export interface UnitAction {
  readonly unit: string;
  readonly action: 'restart' | 'reload';
}

/** Owner and permissions. `owner` and `group` are names or numeric ids; `mode` is octal text such as `0644`. */
export interface Ownership {
  readonly owner?: string;
  readonly group?: string;
  readonly mode?: string;
}

/** The SELinux type of a path, kept through every write of ours; without effect where SELinux is off. */
export interface Labelling {
  /** For example `httpd_sys_content_t`; undeclared, a write gives the type that the policy wants. */
  readonly context?: string;
}

/** A program that must accept a file before it is put in place; `{}` in `command` stands for the candidate's path. */
export interface FileValidation {
  /** Argument vector, never a shell string. */
  readonly command: readonly string[];
  /** Skip when this program is not installed yet (its package comes in the same run, and it is checked again after). */
  readonly unlessMissing?: boolean;
}
