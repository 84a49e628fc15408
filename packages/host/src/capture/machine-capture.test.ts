import { expect, test } from 'vitest';
import { captureGreeting } from './capture-script.ts';
import { parseCapture } from './machine-capture.ts';

const source = { node: 'n', nonce: 'abc', greeting: captureGreeting, exitCode: 0, stderr: '' };
const empty = ['closed', 'content', 'automatic', 'shipped', 'units', 'devices', '/proc/swaps', '/proc/mounts'];

function reply(sections: Readonly<Record<string, readonly string[]>>, failing: readonly string[] = []): string {
  const all = {
    ...Object.fromEntries(empty.map((name) => [name, []])),
    ...{ system: ['family debian'], synchronised: ['NTPSynchronized=yes'], files: [], packages: [], failed: [] },
    ...{ '/proc/sys/kernel/hostname': ['n'], '/etc/passwd': [], '/etc/group': [] },
    ...sections,
  };
  const framed = Object.entries(all).flatMap(([name, lines]) => [
    `@abc begin ${name}`,
    ...lines,
    `@abc end ${name} ${failing.includes(name) ? 1 : 0} -`,
  ]);
  return ['a banner', `@abc ${captureGreeting}`, ...framed, '@abc done 0', ''].join('\n');
}

const installed = (name: string, depends = '', priority = 'optional') => `ii \t${priority}\tno\t${name}\t, ${depends}`;

test('packages that somebody chose: not the base, not what came or comes for others, and one of two that need each other', () => {
  const packages = [
    installed('dash', 'dash-doc', 'required'),
    installed('dash-doc', 'dash-pictures'),
    installed('dash-pictures'),
    installed('htop', 'libc6 (>= 2.36), libncurses6 | libncurses-dev:any'),
    installed('libncurses6', 'libtinfo6'),
    installed('libtinfo6'),
    installed('marked'),
    installed('ping', 'pong'),
    installed('pong', 'ping'),
    'rc \toptional\tno\tgone\t, ',
  ];
  const automatic = ['Package: marked', 'Architecture: amd64', 'Auto-Installed: 1', ''];
  const { chosenPackages } = parseCapture(reply({ packages, automatic }), source);
  expect(chosenPackages).toEqual({ told: true, value: ['htop', 'pong'] });
});

test('a path keeps its blanks and colons, an unknown owner its number, and content every byte', () => {
  const path = '/etc/cron.d/a b:c';
  const { files, oddNames } = parseCapture(
    reply({
      files: ['odd /etc/cron.d/two', `640 1 54321 daemon UNKNOWN 3 regular file:${path}`],
      content: [`path ${path}`, Buffer.from([0, 255, 10]).toString('base64')],
    }),
    source,
  );
  expect(files).toEqual([
    {
      path,
      mode: '0640',
      owner: 'daemon',
      group: '54321',
      sizeBytes: 3,
      type: 'file',
      bytes: Buffer.from([0, 255, 10]),
    },
  ]);
  expect(oddNames).toEqual(['/etc/cron.d/two']);
});

test('what a machine could not say is told as such, and a reply that was cut off is worth nothing', () => {
  const { failedUnits } = parseCapture(reply({}, ['failed']), source);
  expect(failedUnits).toEqual({ told: false, because: 'exit status 1' });
  const whole = reply({});
  expect(() => parseCapture(whole.slice(0, whole.length / 2), source)).toThrow(
    expect.objectContaining({ code: 'host/garbled-reply' }),
  );
});
