import { FileSystemError } from '../disk/file-system-error.ts';
import type { Machine } from './machine.ts';

/** One assignment of a sysctl.d(5) file. */
export interface SysctlLine {
  key: string;
  value: string;
  /** Prefixed by `-`: a failure is ignored. */
  tolerant: boolean;
}

/** Reads sysctl.d(5) text; a key with slashes is turned to dots. */
export function parseSysctl(text: string): SysctlLine[] {
  return text.split('\n').flatMap((raw) => {
    const match = /^\s*(-?)\s*([^#;=\s][^=]*?)\s*=\s*(.*?)\s*$/.exec(raw);
    if (!match) return [];
    const key = match[2] as string;
    return [
      {
        key: /^[^.]*\//.test(key) ? key.replaceAll('/', '.') : key,
        value: match[3] as string,
        tolerant: match[1] === '-',
      },
    ];
  });
}

/** Files that `sysctl --system` reads, in its order: by name over all folders, /etc wins, /etc/sysctl.conf last. */
export function sysctlFiles(machine: Machine): string[] {
  const byName = new Map<string, string>();
  for (const folder of ['/usr/lib/sysctl.d', '/usr/local/lib/sysctl.d', '/run/sysctl.d', '/etc/sysctl.d']) {
    for (const name of machine.files.list(folder)) if (name.endsWith('.conf')) byName.set(name, `${folder}/${name}`);
  }
  const paths = [...byName].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, path]) => path);
  return machine.files.find('/etc/sysctl.conf') ? [...paths, '/etc/sysctl.conf'] : paths;
}

/** Sets one key. Gives sysctl(8)'s complaint, or undefined. */
export function setSysctl(machine: Machine, { key, value }: SysctlLine): string | undefined {
  try {
    machine.sysctl.set(key, value);
    return undefined;
  } catch (error) {
    if (!(error instanceof FileSystemError)) throw error;
    if (error.code === 'ENOENT') return `cannot stat /proc/sys/${key.replaceAll('.', '/')}: No such file or directory`;
    return `setting key "${key}": ${error.message}`;
  }
}

/** What systemd-sysctl does at boot. Failures are only logged. */
export function applySysctlFiles(machine: Machine): void {
  for (const path of sysctlFiles(machine)) {
    for (const line of parseSysctl(machine.files.read(path) ?? '')) {
      const complaint = setSysctl(machine, line);
      if (complaint) machine.journal.add('systemd-sysctl.service', 'systemd-sysctl', 1, complaint);
    }
  }
}
