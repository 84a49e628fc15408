import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { addDriftIgnore, driftIgnoreFileName, readDriftIgnores, removeDriftIgnore } from './drift-ignore-file.ts';

const motd = { node: 'homelab', resource: 'file:/etc/motd', until: '2027-01-31' };

async function emptyFolder(): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'vmstation-ignore-'));
  onTestFinished(() => rm(root, { recursive: true }));
  return root;
}

test('without the file, and with an empty one, nothing is ignored', () => {
  for (const text of [undefined, '', '# nothing yet\n', 'ignore: []\n'])
    expect(readDriftIgnores(text, [])).toMatchObject({ ignores: [], faults: [] });
});

test.each([
  ['ignore:\n  - node: homelba\n    resource: file:/a\n    until: 2027-01-31\n', 2, 'no node homelba'],
  ['ignore:\n  - node: homelab\n    resource: file:/a\n    until: 2027-02-30\n', 4, 'is not a date'],
  ['ignore:\n  - node: homelab\n    resource: motd\n    until: 2027-01-31\n', 3, 'is not a resource'],
  ['ignore:\n  - node: homelab\n    resource: file:/a\n    untill: 2027-01-31\n', 4, 'untill'],
  ['ignore:\n  - node: homelab\n    resource: file:/a\n', 2, 'until'],
  [
    'ignore:\n  - { node: homelab, resource: "file:/a", until: 2027-01-31 }\n  - { node: homelab, resource: "file:/a", until: 2027-02-01 }\n',
    3,
    'twice',
  ],
  ['ignore: [\n', 2, 'must be sufficiently indented'],
])('%j is refused with its line', (text, line, message) => {
  const { faults } = readDriftIgnores(text, ['homelab']);
  expect(
    faults.find((fault) => fault.message.includes(message)),
    JSON.stringify(faults),
  ).toMatchObject({
    code: 'drift/ignore-file',
    file: driftIgnoreFileName,
    line,
  });
});

test('entries are written, replaced and removed, and comments of the operator stay', async () => {
  const root = await emptyFolder();
  const text = () => readFile(join(root, driftIgnoreFileName), 'utf8');
  await addDriftIgnore(root, motd);
  expect(readDriftIgnores(await text(), ['homelab'])).toMatchObject({ ignores: [motd], faults: [] });
  await writeFile(join(root, driftIgnoreFileName), `${await text()}  # mine\n`);
  const other = { node: 'homelab', resource: 'sysctl:vm.swappiness', until: '2027-01-31', reason: 'a test: "x"' };
  await addDriftIgnore(root, other);
  await addDriftIgnore(root, { ...motd, until: '2027-03-01' });
  expect(readDriftIgnores(await text(), ['homelab']).ignores).toEqual([other, { ...motd, until: '2027-03-01' }]);
  await removeDriftIgnore(root, motd);
  expect(readDriftIgnores(await text(), ['homelab']).ignores).toEqual([other]);
  expect(await text()).toContain('# mine');
  expect(await text()).toContain('# Differences that are known');
  await expect(removeDriftIgnore(root, motd)).rejects.toThrow('does not ignore');
});
