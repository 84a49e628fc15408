import type { KubeObject } from '@vmstation/core';
import { stringify } from 'yaml';
import { withoutSecrets } from './manifest-set.ts';

/**
 * Objects as plain YAML documents that kubectl, Flux or Argo CD can apply. Values of secrets are shown as `[secret]` unless they
 * are asked for.
 */
export function renderManifests(objects: readonly KubeObject[], options: { readonly secrets?: boolean } = {}): string {
  const shown = objects.map((object) => (options.secrets === true ? object : withoutSecrets(object)));
  return shown.map((object) => stringify(object, { lineWidth: 0, aliasDuplicateObjects: false })).join('---\n');
}
