import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FilesystemResource, HostPort } from '@vmstation/core';
import { createHost } from '@vmstation/host';
import { localTransport } from '@vmstation/remote';
import { expect, onTestFinished, test } from 'vitest';

// File systems on a real block device of this computer: a loop device over a file of the test's own. Root on Linux only; elsewhere, and in
// containers, the contract of kinds tries an image.

const sh = (script: string): string => execFileSync('sh', ['-eu', '-c', script], { encoding: 'utf8' }).trim();

/** A device that others took at the same moment is not there to be had; `-f` takes the next. */
const supported =
  process.platform === 'linux' &&
  process.getuid?.() === 0 &&
  spawnSync('sh', [
    '-c',
    'f=$(mktemp) && truncate -s 1M "$f" && d=$(losetup -f --show "$f") && losetup -d "$d" && rm "$f" && command -v mkfs.ext4 wipefs e2label',
  ]).status === 0;
if (!supported) process.stderr.write('host-filesystem: skipped, it needs root on Linux with loop devices\n');

interface Disk {
  readonly device: string;
  readonly folder: string;
  readonly host: HostPort;
  readonly want: FilesystemResource;
}

function disk(): Disk {
  const folder = mkdtempSync(join(tmpdir(), 'vmstation-disk-'));
  const device = sh(`truncate -s 16M ${folder}/disk; losetup -f --show ${folder}/disk`);
  onTestFinished(() => {
    spawnSync('umount', [`${folder}/mnt`]);
    sh(`losetup -d ${device}`);
    rmSync(folder, { recursive: true });
  });
  const host = createHost({
    transport: localTransport(),
    clock: { now: () => new Date() },
    stateFolder: `${folder}/state`,
    settleSeconds: 0,
  });
  return { device, folder, host, want: { kind: 'filesystem', device, fstype: 'ext4', label: 'media' } };
}

const apply = async ({ host, want }: Disk, runId: string) =>
  (await host.apply({ node: 'n', runId, resources: [want] })).resources[0];
const digestOf = ({ device }: Disk): string => sh(`sha256sum <${device}`);

test.skipIf(!supported)(
  'an empty device gets a file system, once, and a rollback leaves it without a signature',
  async () => {
    const on = disk();
    expect(await apply(on, 'first')).toMatchObject({ outcome: 'changed' });
    expect(sh(`blkid -p -o value -s TYPE -s LABEL ${on.device}`)).toBe('media\next4');
    const made = digestOf(on);
    expect(await apply(on, 'second')).toMatchObject({ outcome: 'unchanged' });
    expect(digestOf(on)).toBe(made);
    expect(await on.host.rollback('n', 'first')).toMatchObject({ failed: [] });
    expect(sh(`wipefs -p ${on.device}`)).toBe('');
    expect(await apply(on, 'third')).toMatchObject({ outcome: 'changed' });
  },
);

test.skipIf(!supported)('a file system that was used since stays at a rollback, mounted or not', async () => {
  const on = disk();
  await apply(on, 'first');
  sh(`mkdir ${on.folder}/mnt; mount ${on.device} ${on.folder}/mnt; echo kept >${on.folder}/mnt/file`);
  const mounted = await on.host.rollback('n', 'first');
  expect(mounted.failed).toMatchObject([{ reason: expect.stringContaining('is mounted') }]);
  sh(`umount ${on.folder}/mnt`);
  const used = await on.host.rollback('n', 'first');
  expect(used.failed).toMatchObject([{ reason: expect.stringContaining('was used since') }]);
  expect(sh(`mount ${on.device} ${on.folder}/mnt; cat ${on.folder}/mnt/file`)).toBe('kept');
});

const table = Buffer.alloc(512);
table.writeUInt16BE(0x55_aa, 510);
table.writeUInt8(0x83, 450);
table.writeUInt32LE(2048, 454);
table.writeUInt32LE(20_480, 458);
const occupied: readonly (readonly [what: string, make: (on: Disk) => void, said: RegExp])[] = [
  ['swap', ({ device }) => sh(`mkswap ${device}`), /swap/],
  [
    'a partition table',
    ({ device, folder }) => {
      writeFileSync(`${folder}/table`, table);
      sh(`dd if=${folder}/table of=${device} conv=notrunc 2>&1`);
    },
    /PTTYPE="dos"/,
  ],
  [
    'the header of LUKS',
    ({ device }) => sh(`printf 'LUKS\\272\\276\\000\\001' | dd of=${device} conv=notrunc 2>&1`),
    /crypto_LUKS/,
  ],
  [
    'an image of a CD',
    ({ device }) => sh(`printf '\\001CD001\\001' | dd of=${device} bs=2048 seek=16 conv=notrunc 2>&1`),
    /iso9660/,
  ],
];

test.skipIf(!supported).each(occupied)('%s is never made over, and nothing is written', async (_what, make, said) => {
  const on = disk();
  make(on);
  const before = digestOf(on);
  const ended = await apply(on, 'first');
  expect(ended).toMatchObject({ outcome: 'failed', reason: expect.stringMatching(/^host\/device-not-empty: /) });
  expect(ended?.reason).toMatch(said);
  expect(digestOf(on)).toBe(before);
});

test.skipIf(!supported)('a device that is mounted is left alone, whatever was declared', async () => {
  const on = disk();
  sh(`mkfs.ext4 -q ${on.device}; mkdir ${on.folder}/mnt; mount -o ro ${on.device} ${on.folder}/mnt`);
  const before = digestOf(on);
  const xfs = { ...on, want: { ...on.want, fstype: 'xfs' } as const };
  expect(await apply(xfs, 'first')).toMatchObject({
    outcome: 'failed',
    reason: expect.stringContaining('host/device-not-empty'),
  });
  expect(digestOf(on)).toBe(before);
});

test.skipIf(!supported)('what came onto the device after it was looked at is seen by the node', async () => {
  const on = disk();
  const seenEmpty = createHost({
    transport: {
      ...localTransport(),
      run: async (node, command) => {
        if (String(command.stdin).includes('mkfs -t')) sh(`mkswap ${on.device}`);
        return localTransport().run(node, command);
      },
    },
    clock: { now: () => new Date() },
    stateFolder: `${on.folder}/state`,
    settleSeconds: 0,
  });
  const ended = await apply({ ...on, host: seenEmpty }, 'first');
  expect(ended).toMatchObject({ outcome: 'failed', reason: expect.stringMatching(/device-not-empty: .*swap/) });
  expect(sh(`blkid -p -o value -s TYPE ${on.device}`)).toBe('swap');
});
