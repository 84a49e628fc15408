import { expect, test } from 'vitest';
import { nft } from './nft.ts';
import { BareMachine } from './run-for-test.ts';

const FIREWALL = `# The first line makes the table if it is absent.
table inet vmstation
delete table inet vmstation

table inet vmstation {
  chain input {
    type filter hook input priority filter; policy drop;

    ip saddr { 10.0.0.0/8, 192.168.1.0/24 } tcp dport 22 accept comment "SSH"
    ct state established,related accept
    iifname "lo" accept
    meta l4proto { icmp, ipv6-icmp } accept
    udp dport { 68, 546 } accept comment "DHCP answers"
    iifname { "cali*", "nodelocaldns" } accept comment "pods; of this node"
    meta l4proto 4 accept
  }
}
`;

test('a file that replaces its own table leaves one table however often it is loaded', async () => {
  const machine = new BareMachine({ '/f': FIREWALL });
  expect(await machine.run(nft, 'nft', '-c', '-f', '/f')).toMatchObject({ status: 0, err: '' });
  expect(machine.state.nftables).toBe('');
  await machine.run(nft, 'nft', 'add', 'table', 'ip', 'calico');
  await machine.run(nft, 'nft', '-f', '/f');
  await machine.run(nft, 'nft', '-f', '/f');
  const { out } = await machine.run(nft, 'nft', 'list', 'ruleset');
  expect(out.match(/tcp dport 22/g)).toHaveLength(1);
  expect(out).toContain(
    '\t\ttype filter hook input priority filter; policy drop;\n\t\tip saddr { 10.0.0.0/8, 192.168.1.0/24 } tcp dport 22 accept comment "SSH"\n',
  );
  expect((await machine.run(nft, 'nft', 'list', 'tables')).out).toBe('table ip calico\ntable inet vmstation\n');
  expect((await machine.run(nft, 'nft', 'delete', 'table', 'inet', 'vmstation')).status).toBe(0);
  expect((await machine.run(nft, 'nft', 'list', 'ruleset')).out).toBe('table ip calico {\n}\n');
  expect(await machine.run(nft, 'nft', 'delete', 'table', 'inet', 'vmstation')).toMatchObject({
    status: 1,
    err: expect.stringContaining('No such file or directory') as string,
  });
});

test.each([
  ['table inet x {\n chain input {\n tcp dport 22 accept\n', '/f:4:1-1: Error: syntax error, unexpected end of file'],
  [
    'table inet x {\n chain input {\n tcp dporty 22 accept\n }\n}\n',
    '/f:3:6-6: Error: syntax error, unexpected string',
  ],
  ['delete table inet y\n', '/f:1:19-19: Error: Could not process rule: No such file or directory'],
  ['tabel inet x {\n}\n', 'syntax error'],
  ['table inet x { chain c { type filter hook bogus priority 0; } }\n', 'unknown chain hook'],
  ['table inet x {\n chain c {\n ip saddr 300.1.1.1 drop\n }\n}\n', 'Could not resolve hostname'],
  ['table inet x {\n chain c {\n jump nowhere\n }\n}\n', 'No such file or directory'],
  ['table inet x {\n chain c {\n tcp dport\n }\n}\n', 'unexpected newline'],
  ['table inet x {\n chain c {\n tcp dport 22 accpt\n }\n}\n', 'syntax error'],
  ['table inet x {\n}\n}\n', "unexpected '}'"],
])('nft refuses %j and changes nothing', async (text, complaint) => {
  const machine = new BareMachine({ '/f': `add table ip keep\n`, '/g': text });
  await machine.run(nft, 'nft', '-f', '/f');
  machine.files.write('/f', text);
  const answer = await machine.run(nft, 'nft', '-f', '/f');
  expect(answer.err).toContain(complaint);
  expect(answer.status).toBe(1);
  expect(machine.state.nftables).toBe('table ip keep {\n}\n');
});

test('flush empties what it names', async () => {
  const machine = new BareMachine({ '/f': 'table ip a {\n chain c {\n accept\n }\n}\ntable ip6 b\n' });
  await machine.run(nft, 'nft', '-f', '/f');
  await machine.run(nft, 'nft', 'flush', 'table', 'ip', 'a');
  expect(machine.state.nftables).toBe('table ip a {\n\tchain c {\n\t}\n}\ntable ip6 b {\n}\n');
  await machine.run(nft, 'nft', 'flush', 'ruleset');
  expect(machine.state.nftables).toBe('');
});
