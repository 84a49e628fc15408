import { knownFiles, type ShutWayIn, type WayIn } from './way-in.ts';

const files = /^\/etc\/(?:nftables\.conf|nftables\/[^/]+|vmstation\/firewall\.nft)$/;

/** Declared nftables files whose input drops and accepts nothing that could be a new SSH connection. */
export function firewallShuts(way: WayIn): readonly ShutWayIn[] {
  return knownFiles(way)
    .filter(({ path, content }) => files.test(path) && chainsThatDrop(content).some((chain) => shuts(chain, way.port)))
    .map(({ origin }) => ({
      origin,
      does: `drops what arrives and does not accept TCP port ${way.port}`,
      against: `${way.node.name} is reached at port ${way.port} (vmstation.yaml: ssh.port)`,
    }));
}

function chainsThatDrop(content: string): readonly string[] {
  const plain = content
    .replaceAll(/"[^"\n]*"/g, (text) => (text === '"lo"' ? 'lo' : '""'))
    .replaceAll(/#.*$/gm, '')
    .replaceAll(/\b(?:dport|saddr|daddr|state|l4proto|iifname|type)\s*\{[^{}]*\}/g, (set) =>
      set.replaceAll(/\s+/g, ' '),
    );
  return plain
    .split(/^\s*chain\s/m)
    .slice(1)
    .map((chain) => chain.split(/^\s*}/m)[0] ?? '')
    .filter((chain) => /hook\s+input\b/.test(chain) && /policy\s+drop\b/.test(chain));
}

/** Rules that may let SSH in for a reason that this does not follow (sets, jumps, addresses) count as doing so. */
function shuts(chain: string, port: number): boolean {
  const rules = chain.split(/[\n;]/).map((rule) => rule.trim());
  return !rules.some((rule) => mayAccept(rule, port));
}

function mayAccept(rule: string, port: number): boolean {
  if (/\b(?:jump|goto|vmap|map|include)\b|[@$]/.test(rule)) return true;
  if (!/\baccept\b/.test(rule)) return false;
  if (/\bct\s+state\b(?!.*\bnew\b)|\biif(?:name)?\s+"?lo\b|\bicmp|\budp\b|\bl4proto\s+(?!.*tcp)/.test(rule))
    return false;
  const [, dports] = /\b(?:tcp|th)\s+dport\s+(\{[^}]*\}|\S+)/.exec(rule) ?? [];
  return dports === undefined || portsOf(dports).some(([low, high]) => low <= port && port <= high);
}

function portsOf(text: string): readonly (readonly [low: number, high: number])[] {
  return text
    .replaceAll(/[{}\s]/g, '')
    .split(',')
    .map((one) => {
      const [low = '', high = low] = one.split('-').map((end) => (end === 'ssh' ? '22' : end));
      // A name that only the machine can look up may be any port.
      return /^\d+$/.test(low) && /^\d+$/.test(high) ? [Number(low), Number(high)] : [0, 65_535];
    });
}
