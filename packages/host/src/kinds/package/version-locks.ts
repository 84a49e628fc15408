/** What dnf's plugin versionlock keeps (dnf-plugins-core, versionlock.py): a line for each lock, `NAME-EPOCH:VERSION-RELEASE.*`. */
export const lockList = '/etc/dnf/plugins/versionlock.list';

/** The plugin's own configuration, which is there where the plugin is. */
export const lockPlugin = '/etc/dnf/plugins/versionlock.conf';

/** The package that brings it (RHEL 8 and later). */
export const lockPluginPackage = 'python3-dnf-plugin-versionlock';

/** Whether a package is locked to what is installed. A line with `!` keeps one version out, and holds nothing. Pure. */
export function isLocked(name: string, lines: readonly string[]): boolean {
  return lines.some((line) => /^(.+)-(?:\d+:)?[^-:\s]+-[^-\s]+$/.exec(line.trim())?.[1] === name);
}
