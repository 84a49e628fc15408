import type { OverlayFile } from '@vmstation/core';

/** A kernel setting that an overlay file makes, with its place. */
export interface OverlayKernelSetting {
  readonly key: string;
  readonly value: string;
  /** The file on the node that sets it at boot. */
  readonly path: string;
  /** File and line, `hosts/masternode/etc/sysctl.d/50-x.conf:3`. */
  readonly origin: string;
}

const sysctlFiles = /^\/etc\/sysctl\.(?:conf$|d\/[^/]+\.conf$)/;

/**
 * The settings of overlay files that sysctl reads, the last of a key by the order in which sysctl reads files (by file name,
 * sysctl.conf last): so that they hold in the running kernel as well, and a contradiction is seen when the plan is made.
 * Lines with a pattern or a leading `-` (an error is to be ignored) are left to the file alone.
 */
export function kernelSettingsOf(files: readonly OverlayFile[]): readonly OverlayKernelSetting[] {
  const read = files
    .filter(({ path }) => sysctlFiles.test(path))
    .toSorted((a, b) => (orderOf(a) < orderOf(b) ? -1 : 1));
  const settings = new Map<string, OverlayKernelSetting>();
  for (const file of read) {
    for (const [index, line] of file.content.split('\n').entries()) {
      const [, name = '', value = ''] = /^\s*([^#;=\s-][^=]*?)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
      if (name === '' || name.includes('*')) continue;
      const key = dotted(name);
      settings.set(key, {
        key,
        value: value.replaceAll(/\s+/g, ' '),
        path: file.path,
        origin: `${file.origin}:${index + 1}`,
      });
    }
  }
  return [...settings.values()];
}

function orderOf({ path }: OverlayFile): string {
  return path === '/etc/sysctl.conf' ? '~' : (path.split('/').at(-1) ?? path);
}

/** sysctl(8) takes `net/ipv4/ip_forward` for `net.ipv4.ip_forward`; the other way round dots in names of interfaces are slashes. */
function dotted(name: string): string {
  const slash = name.indexOf('/');
  const dot = name.indexOf('.');
  if (slash === -1 || (dot !== -1 && dot < slash)) return name;
  return name.includes('.') ? name : name.replaceAll('/', '.');
}
