/** A server's minor version: Kubernetes promises nothing less than that. */
export interface ServerVersion {
  readonly major: number;
  readonly minor: number;
}

/** Reads `1.20`, `v1.35.4` or the fields of `/version`. Throws when the text holds no version. */
export function parseServerVersion(text: string): ServerVersion {
  const [, major, minor] = /^v?(\d+)\.(\d+)/u.exec(text) ?? [];
  if (major === undefined || minor === undefined) throw new Error(`"${text}" is no Kubernetes version`);
  return { major: Number(major), minor: Number(minor) };
}

/** Negative, zero or positive, as for a sort. */
export function compareVersions(left: ServerVersion, right: ServerVersion): number {
  return left.major - right.major || left.minor - right.minor;
}

/**
 * True when a version lies in a range such as `>=1.20`, `<1.25` or `>=1.22 <1.31` (all parts must hold).
 * Throws for a range that cannot be read.
 */
export function versionHolds(range: string, version: ServerVersion): boolean {
  return range.split(' ').every((part) => {
    const [, operator, text = ''] = /^(>=|<)(\d+\.\d+)$/u.exec(part) ?? [];
    if (operator === undefined) throw new Error(`"${range}" is no range of versions`);
    const order = compareVersions(version, parseServerVersion(text));
    return operator === '<' ? order < 0 : order >= 0;
  });
}
