import type { Finding } from '@vmstation/core';

/** A line of hosts(5). */
export interface HostsLine {
  readonly line: number;
  readonly address: string;
  readonly words: readonly string[];
}

/** Lines of a hosts file with an address. */
export function hostsLines(text: string): readonly HostsLine[] {
  return text.split('\n').flatMap((whole, index) => {
    const [address = '', ...words] = whole.replace(/#.*/, '').trim().split(/\s+/);
    return address === '' || words.length === 0 ? [] : [{ line: index + 1, address, words }];
  });
}

/** Names that a hosts file gives to several addresses of one family, and lines that say the same again. Pure. */
export function hostsFindings(text: string): readonly Omit<Finding, 'node'>[] {
  const all = hostsLines(text).flatMap(({ line, address, words }) => words.map((name) => ({ line, address, name })));
  const groups = Map.groupBy(all, ({ name, address }) => `${address.includes(':') ? 6 : 4} ${name.toLowerCase()}`);
  return [...groups.values()].flatMap((uses) => {
    if (uses.length < 2) return [];
    const addresses = new Set(uses.map(({ address }) => address));
    const name = uses[0]?.name ?? '';
    const where = uses.map(({ line, address }) => `line ${line} (${address})`).join(', ');
    return [
      {
        code: 'adopt/duplicate-hosts-entry' as const,
        state: addresses.size > 1 ? ('failed' as const) : ('warning' as const),
        title: 'a name stands once in the hosts file',
        evidence: `${name} stands ${uses.length} times in /etc/hosts: ${where}`,
        tryThis:
          addresses.size > 1
            ? 'Keep the line with the right address: only the first counts for most programs, and some take both in turn.'
            : 'Remove the repeated line.',
      },
    ];
  });
}
