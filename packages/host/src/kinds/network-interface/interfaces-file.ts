import type { NetworkInterfaceResource } from '@vmstation/core';

/** Words that begin a new part of interfaces(5). */
const beginnings =
  /^\s*(?:iface|auto|allow-\S+|no-auto-down|no-scripts|mapping|source|source-directory|template|rename)\s/;

/** Options of an address, and of getting one by DHCP; all others of a card (hooks, bridges, bonds) stay. */
const ofAddress =
  /^\s*(?:address|netmask|broadcast|network|gateway|metric|hostname|leasehours|leasetime|vendor|client|dns-nameservers|dns-search|dns-domain)\s/;

/** Whether the text says how a card gets its IPv4 address; `manual` says that somebody else gives it one. */
export function managesInterface(text: readonly string[], name: string): boolean {
  return text.some((line) => isStanzaOf(line, name) && line.trim().split(/\s+/)[3] !== 'manual');
}

/** The line that says how, for a person. */
export function methodLine(text: readonly string[], name: string): string {
  return text.find((line) => isStanzaOf(line, name))?.trim() ?? '(not named)';
}

/**
 * The text of interfaces(5) with the fixed address of one card in the place of what it had; everything else is as it was. Rewriting twice is
 * rewriting once.
 */
export function withFixedAddress(text: readonly string[], want: NetworkInterfaceResource): readonly string[] {
  const result: string[] = [];
  let inOurs = false;
  let placed = false;
  for (const line of text) {
    if (beginnings.test(line)) inOurs = false;
    if (isStanzaOf(line, want.name)) {
      inOurs = true;
      if (!placed) result.push(...stanza(want));
      placed = true;
    } else if (!(inOurs && ofAddress.test(line))) result.push(line);
  }
  return result;
}

function isStanzaOf(line: string, name: string): boolean {
  const [keyword, card, family] = line.trim().split(/\s+/);
  return keyword === 'iface' && card === name && family === 'inet';
}

function stanza({ name, address, prefixLength, gateway, servers }: NetworkInterfaceResource): readonly string[] {
  return [
    `iface ${name} inet static`,
    `    address ${address}/${prefixLength}`,
    `    gateway ${gateway}`,
    // Read by resolvconf where that is installed.
    ...(servers.length === 0 ? [] : [`    dns-nameservers ${servers.join(' ')}`]),
  ];
}
