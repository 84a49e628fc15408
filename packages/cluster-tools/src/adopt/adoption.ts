import type { Finding, OverlaySettingsFile } from '@vmstation/core';

/** A file of a machine that is to stand in `hosts/<node>/`. */
export interface AdoptedFile {
  /** On the node. */
  readonly path: string;
  readonly content: string;
  readonly executable: boolean;
  /** Permissions and owner that are not the usual ones of a file there. */
  readonly attributes: NonNullable<OverlaySettingsFile['files']>[string];
  /** Who writes another content there until now: `role ssh`. */
  readonly insteadOf?: string;
}

/** Why something was left out. */
export type LeftOutReason =
  | 'never-read'
  | 'secret'
  | 'binary'
  | 'too-large'
  | 'no-file'
  | 'unreadable'
  | 'odd-name'
  | 'backup-copy'
  | 'as-packaged'
  | 'declared'
  | 'not-expressible'
  | 'contradicts'
  | 'not-in-force';

/** Something of the machine that is not taken over. */
export interface LeftOut {
  /** A path, or what the setting is about: `package htop`. */
  readonly what: string;
  readonly reason: LeftOutReason;
  /** In the operator's words; never holds content. */
  readonly why: string;
}

/** A value for the host's settings.yaml. */
export type AdoptedSetting =
  | { readonly setting: 'package'; readonly name: string }
  | { readonly setting: 'timezone'; readonly zone: string }
  | {
      readonly setting: 'service';
      readonly unit: string;
      readonly state: { readonly enabled?: boolean; readonly active?: boolean };
    };

/** What is taken over of a machine, what is not, and what is wrong with it. */
export interface Adoption {
  readonly node: string;
  readonly files: readonly AdoptedFile[];
  readonly settings: readonly AdoptedSetting[];
  readonly leftOut: readonly LeftOut[];
  readonly findings: readonly Finding[];
}

/** How a setting is named to the operator and among what is left out. */
export function nameOfSetting(setting: AdoptedSetting): string {
  if (setting.setting === 'package') return `package ${setting.name}`;
  return setting.setting === 'timezone' ? `time zone ${setting.zone}` : `service ${setting.unit}`;
}
