import { AppError } from '@vmstation/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type FakeNode, fakeReply, observationsOf } from '../testing/fake-node.ts';
import { checkGreeting } from './check-script.ts';
import { readFacts } from './facts.ts';
import { Unreadable } from './observations.ts';
import { parseReply } from './reply.ts';

const source = { node: 'homelab', nonce: 'n0nce', greeting: checkGreeting, exitCode: 0, stderr: '' };
const node: FakeNode = {
  stat: [
    '644 0 0 root root 12 regular file:/etc/motd',
    '755 0 0 root root 4096 directory:/etc',
    '777 0 0 root root 4 symbolic link:/etc/l',
  ],
  digests: { '/etc/motd': 'a'.repeat(64) },
  texts: { '/etc/hosts': '127.0.0.1 localhost\n\n::1 ip6:x', '/etc/hosts.allow': 'x' },
  packages: { chrony: '4.3-2' },
  links: { '/etc/l': 'motd', '/usr/bin/python3': 'python3.11' },
  guards: [0],
};
const whole = fakeReply(node);

const noAnswer = expect.objectContaining({ code: 'host/garbled-reply' }) as Error;

test('an answer that is cut off at any byte is no answer', () => {
  const bytes = Buffer.from(whole);
  for (let length = 0; length < bytes.length; length += 1)
    expect(() => parseReply(bytes.subarray(0, length).toString(), source)).toThrow(noAnswer);
});

const anyBytes = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes).toString());
/** Pieces of frames, well made and not. */
const frames = fc
  .array(
    fc.oneof(
      anyBytes,
      fc.constantFrom(
        '\n',
        '@n0nce',
        '@n0nce ',
        checkGreeting,
        'begin path',
        'end path 0 0',
        'end path 0 -',
        'done 3',
        '@',
      ),
    ),
    { maxLength: 30 },
  )
  .map((parts) => parts.join(''));

function isAnswer(text: string): boolean {
  try {
    return parseReply(text, source).sections.size >= 0;
  } catch (error) {
    if (error instanceof AppError && error.code === 'host/garbled-reply') return false;
    throw error;
  }
}

test('whatever bytes come, an answer is whole or none', () => {
  fc.assert(
    fc.property(fc.oneof(anyBytes, frames), (text) => {
      // Only what was framed from its greeting to its end is read at all.
      const framed = new RegExp(`^@n0nce ${checkGreeting}\n[^]*^@n0nce done \\d+\n`, 'm').test(text);
      expect(isAnswer(text) && !framed).toBe(false);
    }),
    { numRuns: 500 },
  );
});

const lineAt = (index: number): readonly string[] => whole.split('\n').slice(index, index + 1);
const withLines = (change: (lines: string[]) => void): string => {
  const lines = whole.split('\n');
  change(lines);
  return lines.join('\n');
};
const framesOf = whole.split('\n').flatMap((line, index) => (line.startsWith('@n0nce ') ? [index] : []));

test('a frame that is lost, comes twice or says another count makes the answer worthless', () => {
  const seen = (text: string) => () => observationsOf(node, {}, text);
  for (const index of framesOf) expect(seen(withLines((lines) => lines.splice(index, 1)))).toThrow(noAnswer);
  for (const index of framesOf.slice(0, -1))
    expect(seen(withLines((lines) => lines.splice(index, 0, ...lineAt(index))))).toThrow(noAnswer);
  for (const part of ['path', 'digest', 'texts', 'clock'])
    for (const count of ['', 'x', '99', '-1', '1e0', '01.0'])
      expect(seen(whole.replace(new RegExp(`(end ${part} 0) \\d+`), `$1 ${count}`))).toThrow(noAnswer);
  for (const status of ['', 'x', '-', '0x0'])
    expect(seen(whole.replace('end path 0', `end path ${status}`))).toThrow(noAnswer);
  expect(seen(whole.replace(/done \d+/, 'done'))).toThrow(noAnswer);
});

test('a part that comes twice makes the answer worthless, whatever it says the second time', () => {
  for (const name of ['path', 'digest', 'package', 'system']) {
    const part = new RegExp(`@n0nce begin ${name}\\n[^]*?@n0nce end ${name} .*\\n`).exec(whole)?.[0] ?? '';
    expect(part).not.toBe('');
    expect(() => parseReply(whole.replace(part, part + part), source)).toThrow(noAnswer);
    expect(() => parseReply(whole.replace('@n0nce done', `${part}@n0nce done`), source)).toThrow(noAnswer);
  }
});

test('whatever stands before the greeting does not matter, unless it shares its line', () => {
  fc.assert(
    fc.property(anyBytes, (noise) => {
      expect(observationsOf(node, {}, `${noise}\n${whole}`).path('/etc/motd').type).toBe('file');
      expect(() => parseReply(`${noise}$ ${whole}`, source)).toThrow(noAnswer);
    }),
  );
});

test('a line that is lost from a counted part makes the answer worthless', () => {
  for (const lost of ['644 0 0 root', 'a'.repeat(64), '/usr/bin/python3 -> ', '2026-11-23T']) {
    const text = whole
      .split('\n')
      .filter((line) => !line.startsWith(lost))
      .join('\n');
    expect(() => observationsOf({ ...node }, {}, text)).toThrow(
      expect.objectContaining({ code: 'host/garbled-reply' }),
    );
  }
});

test('noise before the greeting and after the end does not matter', () => {
  const seen = observationsOf(node, {}, `Welcome to homelab!\n@n0nce\n${whole}logout\n`);
  expect(seen.path('/etc/motd')).toMatchObject({ type: 'file', mode: '644', owner: 'root' });
});

test('what a reply holds is told apart by path, even when paths begin alike', () => {
  const seen = observationsOf(node);
  expect(seen.linesOf('/etc/hosts')).toEqual(['127.0.0.1 localhost', '', '::1 ip6:x']);
  expect(seen.linesOf('/etc/hosts.allow')).toEqual(['x']);
  expect(seen.linesOf('/etc/absent')).toBeUndefined();
  expect([seen.path('/etc').type, seen.path('/etc/l').type, seen.path('/nowhere').type]).toEqual([
    'directory',
    'symlink',
    'absent',
  ]);
  expect(seen.stateOf('/etc/motd')).toBe(`file ${'a'.repeat(64)} 644 0 0`);
  expect([seen.stateOf('/etc/l'), seen.stateOf('/nowhere')]).toEqual(['link motd', 'absent']);
});

test('what a program could not look at is unreadable, not absent', () => {
  const broken = (part: string) => whole.replace(new RegExp(`(@n0nce end ${part}) 0 `), '$1 2 ');
  expect(() => observationsOf(node, {}, broken('path')).path('/nowhere')).toThrow(Unreadable);
  expect(() => observationsOf(node, {}, broken('digest')).digest('/other')).toThrow(Unreadable);
  expect(() => observationsOf(node, {}, broken('package')).package('rsyslog')).toThrow(Unreadable);
  expect(() => observationsOf(node).unit('chrony.service')).toThrow(Unreadable);
  expect(observationsOf(node).package('rsyslog')).toBeUndefined();
});

test('facts are read from the files that every system has', () => {
  const seen = observationsOf({
    ...node,
    system: ['root-password', 'kubernetes k3s'],
    texts: {
      '/etc/os-release': 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\nVERSION_ID="12"',
      '/proc/meminfo': 'MemTotal:        8048576 kB\nSwapTotal:       1048576 kB',
      '/sys/devices/system/cpu/online': '0-3,6',
      '/sys/class/net/enp1s0/address': '02:00:00:00:00:61',
      '/sys/class/net/cali123/address': 'ee:ee:ee:ee:ee:ee',
      '/sys/class/net/lo/address': '00:00:00:00:00:00',
      '/sys/class/dmi/id/sys_vendor': 'QEMU',
      '/etc/ssh/sshd_config': 'Include /etc/ssh/sshd_config.d/*.conf\nPermitRootLogin no',
      '/etc/ssh/sshd_config.d/10-root.conf': 'permitrootlogin yes',
    },
  });
  expect(readFacts('homelab', seen)).toMatchObject({
    osName: 'Debian GNU/Linux 12 (bookworm)',
    osVersion: '12',
    family: 'debian',
    cpus: 5,
    memoryMiB: 7860,
    swapMiB: 1024,
    freeDiskMiB: 1024,
    pythonVersion: '3.11',
    macs: ['02:00:00:00:00:61'],
    virtualization: 'kvm',
    rootByPassword: true,
    kubernetes: 'k3s',
  });
});

test.each([
  ['6.1.0-26-amd64', 'x86_64', undefined, 'x86_64'],
  ['5.14.0-427.el9.aarch64', undefined, undefined, 'aarch64'],
  ['5.10.0-8-amd64', undefined, 'x86_64', 'x86_64'],
])('kernel %s tells its architecture by file %s, by uname %s', (release, arch, uname, architecture) => {
  const text = fakeReply({
    texts: { '/proc/sys/kernel/osrelease': release, ...(arch === undefined ? {} : { '/proc/sys/kernel/arch': arch }) },
  }).replace('begin kernel\n', `begin kernel\n${uname === undefined ? '' : `${uname}\n`}`);
  const without =
    arch === undefined
      ? text.replaceAll(/^\/proc\/sys\/kernel\/arch.*\n/gm, '').replace(/(end texts 0) \d+/, '$1 2')
      : text;
  expect(readFacts('homelab', observationsOf({}, {}, without))).toMatchObject({ kernel: release, architecture });
});

test('a system of another family is refused by name', () => {
  const text = whole.replace('family debian', 'family ').replace('"Debian"', '"Alpine Linux"');
  expect(() => readFacts('homelab', observationsOf(node, {}, text))).toThrow(
    expect.objectContaining({ code: 'host/unsupported-system', message: expect.stringContaining('Alpine Linux') }),
  );
});
