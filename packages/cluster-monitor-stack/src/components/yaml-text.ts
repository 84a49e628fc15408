import { stringify } from 'yaml';

/** A value as YAML text, long lines kept whole. */
export function yamlText(value: unknown): string {
  return stringify(value, { lineWidth: 0, aliasDuplicateObjects: false });
}
