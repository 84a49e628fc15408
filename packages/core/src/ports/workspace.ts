import type { Cluster } from '../model/cluster.ts';
import type { DriftIgnore } from '../model/drift-ignore.ts';

/** A file of `hosts/<node>/` or `group/<group>/`; goes to the node as it is. */
export interface OverlayFile {
  /** Path on the node, absolute. */
  readonly path: string;
  readonly content: string;
  readonly mode: string;
  /** Left out: root, or the user whose home it is in. */
  readonly owner?: string;
  readonly group?: string;
  /** Workspace-relative place, for messages: `hosts/masternode/etc/motd`. */
  readonly origin: string;
}

/** `settings.yaml` of a host or group: values that roles read. */
export interface OverlaySettings {
  readonly values: Readonly<Record<string, unknown>>;
  readonly origin: string;
}

/** An overlay of one node or group. */
export interface Overlay {
  readonly scope: { readonly kind: 'group' | 'host'; readonly name: string };
  readonly files: readonly OverlayFile[];
  readonly settings: OverlaySettings;
}

/** One folder under `apps/`, with its manifests as read. */
export interface AppFolder {
  readonly name: string;
  readonly path: string;
  /** Workspace-relative file name → text. */
  readonly manifests: readonly { readonly origin: string; readonly text: string }[];
}

/** The operator's folder as loaded: the checked model and the files beside it. */
export interface Workspace {
  readonly root: string;
  readonly stateDir: string;
  readonly cluster: Cluster;
  readonly overlays: readonly Overlay[];
  readonly apps: readonly AppFolder[];
  /** Extra Grafana dashboards: file name and JSON text. */
  readonly dashboards: readonly { readonly name: string; readonly text: string }[];
  /** Differences that are let be; they shape no plan. */
  readonly driftIgnores: readonly DriftIgnore[];
  /** sha256 over everything below `playbooks/`; empty where there is nothing. */
  readonly playbooksDigest: string;
  /** sha256 of all inputs that shape plans. */
  readonly inputHash: string;
}

/** Rendered output and other files below the state directory. Paths are relative; writes are atomic. */
export interface WorkspaceFiles {
  readonly stateDir: string;
  /** Returns undefined when the file is absent. */
  read(path: string): Promise<string | undefined>;
  /** Returns true when the content changed. */
  write(path: string, content: string, options?: { mode?: number }): Promise<boolean>;
  remove(path: string): Promise<void>;
  list(directory: string): Promise<readonly string[]>;
  /** Absolute path of a relative one. */
  resolve(path: string): string;
}

/** Decrypted values by name; decrypted in memory only, when first asked for. Throws secret/missing, secret/cannot-decrypt. */
export interface Secrets {
  get(name: string): Promise<Secret>;
  has(name: string): Promise<boolean>;
}

/** A secret value that does not print itself. */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** The value: only for content that is sent to its target. */
  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return '[secret]';
  }

  toJSON(): string {
    return '[secret]';
  }
}
