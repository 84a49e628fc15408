import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AppError } from '@vmstation/core';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { freshKernelState } from '../machine/kernel-state.ts';
import { openDiskStore } from './disk-store.ts';
import { FileSystemError } from './file-system-error.ts';
import { FileTree } from './file-tree.ts';
import { createVolume, type Inode, ROOT, type Volume } from './inode.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'disk-store-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const file = (): string => join(folder, 'machines.db');
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const newVolume = (): Volume =>
  createVolume({ id: 'root', kind: 'disk', typeName: 'ext4', device: '/dev/sda2', capacityBytes: 2 ** 30 }, 1000);
const treeOf = (volume: Volume): FileTree => new FileTree(volume, () => 2000);

function put(tree: FileTree, path: string, text: string): Inode {
  const inode = tree.find(path, ROOT) ?? tree.create(path, ROOT, 'file', 0o644);
  tree.setContent(inode, bytes(text));
  return inode;
}

/** Everything of a volume that must survive, as plain data. */
function plain(volume: Volume): unknown {
  const { id, kind, typeName, device, nextIno, capacityBytes, usedBytes, writes } = volume;
  const seen = new Map<number, unknown>();
  const visit = (inode: Inode): void => {
    if (seen.has(inode.ino)) return;
    const { volume: _volume, entries, content, ...rest } = inode;
    seen.set(inode.ino, {
      ...rest,
      content: content && Buffer.from(content).toString('hex'),
      entries: entries && [...entries].map(([name, child]) => [name, child.ino]),
    });
    for (const child of entries?.values() ?? []) visit(child);
  };
  visit(volume.root);
  return {
    id,
    kind,
    typeName,
    device,
    nextIno,
    capacityBytes,
    usedBytes,
    writes,
    inodes: [...seen].toSorted(([a], [b]) => a - b),
  };
}

function reloaded(name = 'node1'): Volume {
  const store = openDiskStore(file());
  const stored = store.load(name);
  store.close();
  return stored?.volume as Volume;
}

test('a disk comes back with links, owners, modes, times, devices, contexts and empty files', () => {
  const volume = newVolume();
  const tree = treeOf(volume);
  tree.create('/etc', ROOT, 'directory', 0o755).context = 'system_u:object_r:etc_t:s0';
  put(tree, '/etc/a', 'content \u00e9');
  put(tree, '/etc/empty', '');
  tree.link('/etc/a', '/etc/b', ROOT);
  tree.symlink('../etc/a', '/etc/link', ROOT);
  tree.create('/null', ROOT, 'device', 0o666).device = 'null';
  tree.create('/pipe', ROOT, 'fifo', 0o600);
  tree.chmod('/etc/a', 0o4750, ROOT);
  tree.chown('/etc/a', { uid: 1000, gid: 27 }, ROOT);
  tree.setTimes('/etc/a', 1_234_567.5, ROOT);
  const store = openDiskStore(file());
  store.save('node1', { volume });
  store.close();
  const loaded = reloaded();
  expect(plain(loaded)).toEqual(plain(volume));
  const again = treeOf(loaded);
  expect(again.lookup('/etc/a', ROOT)).toBe(again.lookup('/etc/b', ROOT));
  expect(loaded.changed.size).toBe(0);
});

test('later saves write what changed, removed and was renamed', () => {
  const volume = newVolume();
  const tree = treeOf(volume);
  tree.create('/d', ROOT, 'directory', 0o755);
  put(tree, '/d/keep', 'one');
  put(tree, '/d/gone', 'two');
  const store = openDiskStore(file());
  store.save('node1', { volume });
  expect(volume.changed.size).toBe(0);
  put(tree, '/d/keep', 'three');
  tree.unlink('/d/gone', ROOT);
  tree.chmod('/d/keep', 0o600, ROOT);
  put(tree, '/new', 'four');
  tree.rename('/new', '/d/newer', ROOT);
  store.save('node1', { volume });
  store.close();
  expect(plain(reloaded())).toEqual(plain(volume));
});

test('what a loaded disk changes is saved upon it', () => {
  const volume = newVolume();
  put(treeOf(volume), '/a', 'one');
  const store = openDiskStore(file());
  store.save('node1', { volume });
  const loaded = store.load('node1')?.volume as Volume;
  treeOf(loaded).chmod('/a', 0o600, ROOT);
  put(treeOf(loaded), '/b', 'two');
  store.save('node1', { volume: loaded });
  store.close();
  expect(plain(reloaded())).toEqual(plain(loaded));
});

test('memory and further state are kept, replaced and forgotten', () => {
  const store = openDiskStore(file());
  expect(store.load('node1')).toBeUndefined();
  const state = freshKernelState('node1', 5, 'Disabled', []);
  state.sysctl['vm.swappiness'] = '1';
  store.save('node1', { volume: newVolume(), state, extra: { power: 'on', executed: 3 } });
  store.save('node2', { volume: newVolume() });
  expect(store.load('node1')).toMatchObject({ state, extra: { power: 'on', executed: 3 } });
  store.save('node1', { extra: { power: 'off' } });
  expect(store.load('node1')).toMatchObject({ state, extra: { power: 'off' } });
  store.save('node1', { state: null });
  expect(store.load('node1')?.state).toBeUndefined();
  expect(store.names()).toEqual(['node1', 'node2']);
  store.remove('node1');
  store.remove('node1');
  expect(store.names()).toEqual(['node2']);
  store.save('node1', { volume: newVolume(), extra: { power: 'on' } });
  expect(store.load('node1')).toMatchObject({ state: undefined, extra: { power: 'on' } });
  store.close();
});

test('a typical command is saved in less than 5 ms', () => {
  const volume = newVolume();
  const tree = treeOf(volume);
  for (let index = 0; index < 500; index += 1) put(tree, `/file${index}`, 'x'.repeat(2000));
  const store = openDiskStore(file());
  store.save('node1', { volume, state: freshKernelState('node1', 5, 'Disabled', []) });
  const times: number[] = [];
  for (let index = 0; index < 40; index += 1) {
    put(tree, `/file${index}`, `changed ${index}`);
    const before = performance.now();
    store.save('node1', { volume });
    times.push(performance.now() - before);
  }
  store.close();
  // The median: the machine that runs the tests has other work too.
  expect(times.toSorted((a, b) => a - b)[20]).toBeLessThan(5);
});

test('a file that is no store is refused with the reason', () => {
  writeFileSync(file(), 'no database at all, but long enough to be looked at as one '.repeat(20));
  expect(() => openDiskStore(file())).toThrow(AppError);
  expect(() => openDiskStore(file())).toThrow(/not a database/);
});

test('what was saved outlives kill -9', async () => {
  const here = new URL('.', import.meta.url).href;
  const script = `
    const { openDiskStore } = await import('${here}disk-store.ts');
    const { createVolume, ROOT } = await import('${here}inode.ts');
    const { FileTree } = await import('${here}file-tree.ts');
    const store = openDiskStore(${JSON.stringify(file())});
    const volume = createVolume({ id: 'root', kind: 'disk', typeName: 'ext4', device: '/dev/sda2' }, 1);
    const tree = new FileTree(volume, () => 2);
    for (let index = 0; ; index += 1) {
      tree.setContent(tree.create('/file' + index, ROOT, 'file', 0o600), new TextEncoder().encode('number ' + index));
      store.save('node1', { volume });
      process.stdout.write(index + '\\n');
      await new Promise((resolve) => setTimeout(resolve, 1));
    }`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let printed = '';
  child.stdout.on('data', (chunk: Buffer) => {
    printed += chunk.toString();
    if (printed.split('\n').length > 20) child.kill('SIGKILL');
  });
  await once(child, 'close');
  const last = Number(printed.trim().split('\n').at(-1));
  const tree = treeOf(reloaded());
  for (let index = 0; index <= last; index += 1) {
    expect(Buffer.from(tree.lookup(`/file${index}`, ROOT).content as Uint8Array).toString()).toBe(`number ${index}`);
  }
}, 120_000);

const path = fc.constantFrom('/a', '/b', '/d', '/d/a', '/d/b', '/d/e', '/d/e/c');
const operation = fc.oneof(
  fc.record({ verb: fc.constant('put' as const), path, text: fc.string() }),
  fc.record({
    verb: fc.constantFrom(
      'mkdir' as const,
      'rmdir' as const,
      'unlink' as const,
      'chmod' as const,
      'save' as const,
      'reload' as const,
    ),
    path,
  }),
  fc.record({ verb: fc.constantFrom('rename' as const, 'link' as const, 'symlink' as const), path, to: path }),
);

test('any sequence of changes and saves leaves on disk what is in memory', () => {
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 40 }), (operations) => {
      const store = openDiskStore(':memory:');
      let tree = treeOf(newVolume());
      store.save('m', { volume: tree.root });
      for (const each of operations) {
        try {
          if (each.verb === 'put') put(tree, each.path, each.text);
          else if (each.verb === 'mkdir') tree.create(each.path, ROOT, 'directory', 0o755);
          else if (each.verb === 'rmdir') tree.removeDirectory(each.path, ROOT);
          else if (each.verb === 'unlink') tree.unlink(each.path, ROOT);
          else if (each.verb === 'chmod') tree.chmod(each.path, 0o640, ROOT);
          else if (each.verb === 'rename') tree.rename(each.path, each.to, ROOT);
          else if (each.verb === 'link') tree.link(each.path, each.to, ROOT);
          else if (each.verb === 'symlink') tree.symlink(each.to, each.path, ROOT);
          else store.save('m', { volume: tree.root });
          if (each.verb === 'reload') tree = treeOf(store.load('m')?.volume as Volume);
        } catch (error) {
          if (!(error instanceof FileSystemError)) throw error;
        }
      }
      store.save('m', { volume: tree.root });
      expect(plain(store.load('m')?.volume as Volume)).toEqual(plain(tree.root));
      store.close();
    }),
    { numRuns: 60 },
  );
});
