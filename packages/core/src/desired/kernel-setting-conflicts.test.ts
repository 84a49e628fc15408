import { expect, test } from 'vitest';
import type { Resource } from '../resource/resource.ts';
import type { Declaration } from './desired-state.ts';
import { mergeDeclarations } from './merge-declarations.ts';

function merge(...resources: readonly (readonly [string, Resource])[]) {
  const list = resources.map(([origin, resource]): Declaration => {
    return { node: 'one', resource, phase: 'config', role: 'system', origin };
  });
  return () => mergeDeclarations(['one'], list);
}

function setting(key: string, value: string): Resource {
  return { kind: 'sysctl', key, value };
}

const forwarding = ['role node-preparation', setting('net.ipv4.ip_forward', '1')] as const;

function file(content: string): readonly [string, Resource] {
  return ['group/common/etc/sysctl.d/x.conf', { kind: 'file', path: '/etc/sysctl.d/x.conf', content }];
}

test.each([
  [
    'another name',
    ['hosts/a', setting('net.ipv4.conf.all.forwarding', '0')] as const,
    'hosts/a for net.ipv4.conf.all.forwarding = 0',
  ],
  ['slashes', ['hosts/a', setting('net/ipv4/ip_forward', '0')] as const, 'hosts/a for net/ipv4/ip_forward = 0'],
  [
    'a line that may fail',
    file('# x\n-net.ipv4.ip_forward = 0\n'),
    'line 2 of group/common/etc/sysctl.d/x.conf sets net.ipv4.ip_forward = 0',
  ],
  [
    'a pattern',
    file('net.ipv4.conf.*.forwarding=0\n'),
    'line 1 of group/common/etc/sysctl.d/x.conf sets net.ipv4.conf.*.forwarding = 0',
  ],
])('forwarding is not switched off under %s, and both places are named', (_what, other, message) => {
  expect(merge(forwarding, other)).toThrow(message);
  expect(merge(forwarding, other)).toThrow('role node-preparation');
});

test('the same value under another name, other keys and files that sysctl does not read are no contradiction', () => {
  const calm = merge(
    forwarding,
    ['hosts/a', setting('net.ipv4.conf.all.forwarding', '1')],
    ['hosts/a', setting('net.ipv4.conf.all.rp_filter', '1')],
    file('net.ipv4.conf.*.rp_filter = 1\n-net.ipv4.tcp_syncookies = 0\n'),
    ['hosts/a', { kind: 'file', path: '/etc/sysctl.d/readme', content: '-net.ipv4.ip_forward = 0\n' }],
  );
  expect(calm).not.toThrow();
});
