/** nft refuses a file; line and column count from 1. */
export class NftFault extends Error {
  readonly line: number;
  readonly column: number;

  constructor(line: number, column: number, message: string) {
    super(message);
    this.line = line;
    this.column = column;
  }
}

/** One word or sign of an nft text. */
export interface Token {
  text: string;
  line: number;
  column: number;
}

/** Address families of tables. */
export const FAMILIES = new Set(['ip', 'ip6', 'inet', 'arp', 'bridge', 'netdev']);
const HOOKS = new Set(['prerouting', 'input', 'forward', 'output', 'postrouting', 'ingress', 'egress']);
const VERDICTS = new Set([
  'accept',
  'drop',
  'return',
  'continue',
  'reject',
  'masquerade',
  'redirect',
  'notrack',
  'queue',
  'counter',
  'log',
  'limit',
  'snat',
  'dnat',
  'comment',
  'jump',
  'goto',
  'tproxy',
  'quota',
  'dup',
  'fwd',
  'flow',
]);
/** Words that an expression of a rule begins with. */
export const MATCHES = new Set([
  'ip',
  'ip6',
  'tcp',
  'udp',
  'udplite',
  'sctp',
  'dccp',
  'icmp',
  'icmpv6',
  'igmp',
  'ether',
  'vlan',
  'arp',
  'ct',
  'meta',
  'iif',
  'iifname',
  'iiftype',
  'oif',
  'oifname',
  'oiftype',
  'mark',
  'skuid',
  'skgid',
  'fib',
  'socket',
  'rt',
  'pkttype',
  'l4proto',
  'nfproto',
  'th',
  'esp',
  'ah',
  'comp',
  'numgen',
  'jhash',
  'symhash',
  'exthdr',
  'frag',
  'hbh',
  'osf',
  'ipsec',
  'cpu',
  'cgroup',
  'time',
  'day',
  'hour',
  'protocol',
  'length',
  'priority',
  'rtclassid',
  'iifgroup',
  'oifgroup',
  'update',
  'add',
  'delete',
  'set',
  'last',
]);
const FIELDS: Readonly<Record<string, ReadonlySet<string>>> = {
  tcp: new Set([
    'sport',
    'dport',
    'sequence',
    'ackseq',
    'doff',
    'reserved',
    'flags',
    'window',
    'checksum',
    'urgptr',
    'option',
  ]),
  udp: new Set(['sport', 'dport', 'length', 'checksum']),
  th: new Set(['sport', 'dport']),
  ip: new Set([
    'version',
    'hdrlength',
    'dscp',
    'ecn',
    'length',
    'id',
    'frag-off',
    'ttl',
    'protocol',
    'checksum',
    'saddr',
    'daddr',
    'option',
  ]),
  ip6: new Set(['version', 'dscp', 'ecn', 'flowlabel', 'length', 'nexthdr', 'hoplimit', 'saddr', 'daddr']),
  ct: new Set([
    'state',
    'direction',
    'status',
    'mark',
    'expiration',
    'helper',
    'label',
    'l3proto',
    'saddr',
    'daddr',
    'protocol',
    'proto-src',
    'proto-dst',
    'bytes',
    'packets',
    'avgpkt',
    'zone',
    'count',
    'id',
    'ip',
    'ip6',
    'original',
    'reply',
    'timeout',
    'expectation',
  ]),
};

/** The words and signs of a text, newlines among them, comments not. */
export function tokens(text: string): Token[] {
  const found: Token[] = [];
  for (const [index, line] of text.replace(/\n$/, '').split('\n').entries()) {
    for (const match of line.matchAll(/#.*|"[^"\n]*"|[{};,=]|!=|[<>]=?|[^\s{};,=<>!"#]+|"|!/g)) {
      if (match[0].startsWith('#')) break;
      found.push({ text: match[0], line: index + 1, column: match.index + 1 });
    }
    found.push({ text: '\n', line: index + 1, column: line.length + 1 });
  }
  return found;
}

/** Checks one line of a chain; notes the chains that it jumps to. Throws NftFault. */
export function checkChainLine(
  statement: readonly Token[],
  unexpected: (token: Token) => NftFault,
  missing: { target: string; token: Token }[],
): void {
  const [first, second] = statement;
  if (!first) return;
  if (first.text === 'type') return checkDeclaration(statement, unexpected);
  if (first.text === 'policy') {
    if (!/^(accept|drop)$/.test(second?.text ?? '')) throw unexpected(second ?? first);
    return;
  }
  if (!MATCHES.has(first.text) && !VERDICTS.has(first.text) && first.text !== '@') throw unexpected(first);
  for (const [index, token] of statement.entries()) {
    const previous = statement[index - 1];
    const fields = previous && (index === 1 || isEnd(statement[index - 2])) ? FIELDS[previous.text] : undefined;
    if (fields && !fields.has(token.text) && token.text !== 'to') throw unexpected(token);
    if (/^[sd]addr$/.test(previous?.text ?? '')) checkAddress(token);
    if (/^(?:[sd]port|[sd]addr)$/.test(token.text)) checkFollower(statement, index + 1, unexpected);
    if (/^(jump|goto)$/.test(previous?.text ?? '')) missing.push({ target: token.text, token });
    if (/^(accept|drop|return)$/.test(previous?.text ?? '') && !/^(comment|[},;])$/.test(token.text))
      throw unexpected(token);
  }
  const last = statement.at(-1) as Token;
  if (FIELDS[last.text] || /^(dport|sport|saddr|daddr|iifname|oifname|jump|goto|comment)$/.test(last.text))
    throw unexpected({ ...last, text: '\n', column: last.column + last.text.length });
}

/** Whether the statement before has ended here, so that a new expression begins. */
function isEnd(token: Token | undefined): boolean {
  return (
    token !== undefined &&
    !/^(meta|ct|icmp|ip|ip6|protocol|l4proto|nexthdr|original|reply|,|\{|=|!=|==)$/.test(token.text) &&
    !/^(nfproto|by|with|type)$/.test(token.text)
  );
}

function checkAddress(token: Token): void {
  const v4 = /^(\d+)\.(\d+)\.(\d+)\.(\d+)(?:\/(\d+))?$/.exec(token.text);
  if (!v4) return;
  const [, a, b, c, d, length] = v4;
  if ([a, b, c, d].some((part) => Number(part) > 255))
    throw new NftFault(token.line, token.column, 'Could not resolve hostname: Name or service not known');
  if (length !== undefined && Number(length) > 32)
    throw new NftFault(token.line, token.column, 'prefix length is invalid');
}

function checkDeclaration(statement: readonly Token[], unexpected: (token: Token) => NftFault): void {
  const [first, type, hook, name] = statement;
  if (!type || !/^(filter|nat|route)$/.test(type.text))
    throw new NftFault((type ?? first)?.line ?? 0, (type ?? first)?.column ?? 0, 'unknown chain type');
  if (hook?.text !== 'hook') throw unexpected(hook ?? type);
  if (!name || !HOOKS.has(name.text))
    throw new NftFault((name ?? hook).line, (name ?? hook).column, 'unknown chain hook');
  if (!statement.some(({ text }) => text === 'priority'))
    throw unexpected({ ...name, text: '\n', column: name.column + name.text.length });
}

/** Behind the value of a port or address stands the next expression or statement, or the value goes on. */
function checkFollower(statement: readonly Token[], start: number, unexpected: (token: Token) => NftFault): void {
  let at = start;
  while (/^([!<>=]=?|set|map|vmap)$/.test(statement[at]?.text ?? '')) at += 1;
  if (statement[at]?.text === '{') while (at < statement.length && statement[at]?.text !== '}') at += 1;
  const next = statement[at + 1];
  if (
    next &&
    !MATCHES.has(next.text) &&
    !VERDICTS.has(next.text) &&
    !/^([.,&|}:]|-|<<|map|vmap|timeout)$/.test(next.text)
  )
    throw unexpected(next);
}
