import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { editHostSettings, writeHostFile } from './host-folder.ts';

async function emptyFolder(): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'vmstation-host-folder-'));
  onTestFinished(() => rm(root, { recursive: true }));
  return root;
}

test('a file of a host is written with its mode, and undone', async () => {
  const root = await emptyFolder();
  const written = await writeHostFile(root, { node: 'a', path: '/usr/bin/x', content: 'x', executable: true });
  const place = join(root, 'hosts/a/usr/bin/x');
  expect(written.origin).toBe('hosts/a/usr/bin/x');
  expect((await stat(place)).mode & 0o777).toBe(0o755);
  const again = await writeHostFile(root, { node: 'a', path: '/usr/bin/x', content: 'y', executable: false });
  await again.undo();
  expect([await readFile(place, 'utf8'), (await stat(place)).mode & 0o777]).toEqual(['x', 0o755]);
  await written.undo();
  await expect(stat(place)).rejects.toThrow('ENOENT');
});

test.each(['/../../b/x', 'etc/motd', '/etc/../x', '/etc//x'])('%s is no path of a host', async (path) => {
  const root = await emptyFolder();
  await expect(writeHostFile(root, { node: 'a', path, content: '', executable: false })).rejects.toThrow(RangeError);
});

test('settings are changed where they stand, and comments and other keys stay', async () => {
  const root = await emptyFolder();
  const place = join(root, 'hosts/a/settings.yaml');
  await mkdir(join(root, 'hosts/a'), { recursive: true });
  const before =
    '# mine\nsysctl:\n  vm.swappiness: 10 # low\npackages:\n  - lsof # to look\n  - { name: jq, held: true }\n';
  await writeFile(place, before);
  const written = await editHostSettings(root, 'a', [
    { keys: ['sysctl', 'vm.swappiness'], value: '60' },
    { keys: ['services', 'x.service', 'enabled'], value: false },
    { keys: ['packages'], without: 'jq' },
  ]);
  expect(await readFile(place, 'utf8')).toBe(
    '# mine\nsysctl:\n  vm.swappiness: "60" # low\npackages:\n  - lsof # to look\nservices:\n  x.service:\n    enabled: false\n',
  );
  await written.undo();
  expect(await readFile(place, 'utf8')).toBe(before);
});
