import type { Observations } from './observations.ts';

/**
 * Whether sshd lets root in with a password, by its configuration files: the first value of a keyword wins, includes are read where
 * they stand (sshd_config(5)); `Match` blocks are passed over. Without a word, root needs a key.
 */
export function allowsRootByPassword(seen: Observations): boolean {
  const values = new Map<string, string>();
  readInto(values, seen, '/etc/ssh/sshd_config', 0);
  const passwords = values.get('passwordauthentication') ?? 'yes';
  const keyboard = values.get('kbdinteractiveauthentication') ?? 'yes';
  return values.get('permitrootlogin') === 'yes' && (passwords === 'yes' || keyboard === 'yes');
}

function readInto(values: Map<string, string>, seen: Observations, path: string, depth: number): void {
  for (const line of seen.linesOf(path) ?? []) {
    const [keyword = '', value = ''] = line.trim().split(/[\s=]+/);
    const name = keyword.toLowerCase();
    if (name === 'match') return;
    if (name === 'include' && depth === 0) {
      for (const [included] of seen.textsBelow('/etc/ssh/sshd_config.d/')) readInto(values, seen, included, 1);
    } else if (name !== '' && !name.startsWith('#') && !values.has(name)) values.set(name, value.toLowerCase());
  }
}
