import { rm } from 'node:fs/promises';
import { effectiveSettings, nodeOf, type Resource } from '@vmstation/core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { storageRole } from '../../packages/cluster-config/src/roles/storage/index.ts';
import { onNode, twoNodeWorkspace } from '../hosts/two-node-workspace.ts';
import { applied, deviations, type FreshGuests, freshGuests, restart } from './fresh-guests.ts';

// Disks of the machine's own.

const node = 'masternode';
let guests: FreshGuests;
beforeEach(async () => {
  guests = await freshGuests();
});
afterEach(() => guests?.close());

const asked = (script: string) => onNode(guests.transport, node, script);
const on = (device: string, fstype: 'ext4' | 'xfs'): readonly Resource[] => [
  { kind: 'filesystem', device, fstype, label: 'data' },
];

/** The mount of a disk as the storage role declares it. */
async function diskMounted(type: 'ext4' | 'xfs'): Promise<readonly Resource[]> {
  const { access } = guests;
  const [first] = access.machines;
  if (first === undefined) throw new Error('no guest');
  const other = { name: 'storagenodet3500', address: first.address.replace(/\d+$/, '61'), mac: '02:78:00:00:00:61' };
  const workspace = await twoNodeWorkspace({ ...access, machines: [first, other] });
  await rm(workspace.root, { recursive: true, force: true });
  const disks = [{ path: '/srv/data', device: 'LABEL=data', type, options: ['noatime'] }];
  const cluster = {
    ...workspace.cluster,
    storage: [],
    nodes: workspace.cluster.nodes.map((each) => (each.name === node ? { ...each, disks } : each)),
  };
  const modelled = nodeOf(cluster, node);
  const declared = storageRole.declare(modelled, { cluster, settings: effectiveSettings([], modelled) });
  return declared
    .map((one) => ('resource' in one ? one.resource : one))
    .map((one) =>
      one.kind === 'mount' ? { ...one, after: [...(one.after ?? []), 'filesystem:/dev/vdb' as const] } : one,
    );
}

test.each(['xfs', 'ext4'] as const)(
  'an empty disk gets its file system (%s), is mounted now and after a start, and a rollback leaves what was used since',
  async (fstype) => {
    const wanted = [...on('/dev/vdb', fstype), ...(await diskMounted(fstype))];
    expect(await asked('wipefs -p /dev/vdb')).toBe('');
    const run = await applied(guests, node, wanted);
    expect(await deviations(guests, node, wanted)).toEqual({});
    const seen = 'findmnt -n -o SOURCE,FSTYPE /srv/data; blkid -p -o value -s LABEL /dev/vdb; cat /srv/data/x';
    await asked('echo kept >/srv/data/x');
    expect(await asked(seen)).toMatch(new RegExp(`^/dev/vdb +${fstype}\ndata\nkept\n$`));
    expect(await asked('findmnt --verify 2>&1 | tail -n 1; grep -c /srv/data /etc/fstab')).toMatch(/Success.*\n1\n$/);
    await restart(guests, [node]);
    expect(await asked(seen)).toMatch(new RegExp(`^/dev/vdb +${fstype}\ndata\nkept\n$`));
    expect(await deviations(guests, node, wanted)).toEqual({});
    await asked('umount /srv/data');
    expect(await deviations(guests, node, wanted)).toEqual({ 'mount:/srv/data': ['mounted'] });
    await applied(guests, node, wanted);
    const { failed } = await guests.host.rollback(node, run);
    // What was used since is left as it is, and that is told.
    expect(failed.map(({ id }) => id)).toEqual(['filesystem:/dev/vdb']);
    expect(await asked('findmnt /srv/data >/dev/null || echo unmounted; grep -c /srv/data /etc/fstab || true')).toBe(
      'unmounted\n0\n',
    );
  },
);

/** Sectors written since the start (kernel: block/stat), and what the disk begins with. All of it takes minutes to read where instructions are translated. */
const onDisk = "sync; awk '{ print $7 }' /sys/block/vdb/stat; head -c 8388608 /dev/vdb | sha256sum";

// One Linux partition from sector 2048 on, as a master boot record says it; the guest has no fdisk.
const partitionTable = String.raw`printf '\0\0\0\0\203\0\0\0\0\010\0\0\0\0\010\0' | dd of=/dev/vdb bs=1 seek=446 conv=notrunc status=none
printf '\125\252' | dd of=/dev/vdb bs=1 seek=510 conv=notrunc status=none
blockdev --rereadpt /dev/vdb; test -b /dev/vdb1`;

test.each([
  ['another file system', 'mkfs.ext4 -q -L other /dev/vdb'],
  ['swap', 'mkswap /dev/vdb >/dev/null'],
  ['a partition table', partitionTable],
])('a disk with %s is left as it is', async (_what, scene) => {
  await asked(scene);
  const before = await asked(onDisk);
  const report = await guests.host.apply({
    node,
    runId: `guests-disk-${Date.now()}`,
    resources: on('/dev/vdb', 'xfs'),
  });
  expect(report.resources.map(({ outcome, reason }) => [outcome, reason])).toEqual([
    ['failed', expect.stringContaining('host/device-not-empty')],
  ]);
  expect(await asked(onDisk)).toBe(before);
});
