import { rm } from 'node:fs/promises';
import { type Cluster, effectiveSettings, nodeOf, type Resource } from '@vmstation/core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { storageRole } from '../../packages/cluster-config/src/roles/storage/index.ts';
import { onNode, twoNodeWorkspace } from '../hosts/two-node-workspace.ts';
import { applied, deviations, type FreshGuests, freshGuests, rebootMs, restart } from './fresh-guests.ts';

/*
 * A share as the storage role declares it: server and client. One guest is both, as each costs a processor: the server has an address of its own on
 * the guest's card, which nothing brings back after a start, so that the client starts while its server is gone.
 */

const node = 'masternode';
const [client, server] = [node, 'storagenodet3500'] as const;
const share = '/mnt/media';
let guests: FreshGuests;
let cluster: Cluster;
let serverAddress: string;

beforeAll(async () => {
  guests = await freshGuests();
  const { access } = guests;
  const [first] = access.machines;
  if (first === undefined) throw new Error('no guest');
  serverAddress = first.address.replace(/\d+$/, '61');
  const both = [first, { name: server, address: serverAddress, mac: '02:78:00:00:00:61' }];
  const workspace = await twoNodeWorkspace({ ...access, machines: both });
  cluster = workspace.cluster;
  await rm(workspace.root, { recursive: true, force: true });
  await serverComes();
});
afterAll(() => guests?.close());

const asked = (script: string) => onNode(guests.transport, node, script);
const serverComes = () => asked(`ip address add ${serverAddress}/24 dev eth0`);
const serverGoes = () => asked(`ip address del ${serverAddress}/24 dev eth0`);
/** How a command ends; 124 is timeout's own. */
const endOf = (command: string) => asked(`timeout 900 ${command} >/dev/null 2>&1 && echo 0 || echo $?`);
const mounted = () => asked(`findmnt -n -o FSTYPE,SOURCE -t nfs4 ${share} || true`);

function declared(name: string, of = cluster): readonly Resource[] {
  const settings = effectiveSettings([], nodeOf(of, name));
  const resources = storageRole.declare(nodeOf(of, name), { cluster: of, settings });
  return resources.map((one) => ('resource' in one ? one.resource : one));
}

/** The same cluster with a server that never sleeps: its share stays mounted. */
function alwaysOn(): Cluster {
  const { power } = nodeOf(cluster, client);
  return { ...cluster, nodes: cluster.nodes.map((each) => (each.name === server ? { ...each, power } : each)) };
}

test('a share is exported to its client alone, and mounted as soon as somebody touches its path; files keep their numbers', async () => {
  await applied(guests, node, declared(server));
  expect(await deviations(guests, node, declared(server))).toEqual({});
  const address = guests.access.machines[0]?.address;
  expect(await asked('exportfs -s')).toMatch(new RegExp(`^/srv/media +${address}\\(`));
  await applied(guests, node, declared(client));
  expect(await asked('systemctl is-active mnt-media.automount')).toBe('active\n');
  expect(await mounted()).toBe('');
  await asked('echo kept >/srv/media/note; chown 1000:1000 /srv/media/note');
  expect(await asked(`cat ${share}/note; stat -c %u:%g ${share}/note`)).toBe('kept\n1000:1000\n');
  expect(await mounted()).toMatch(new RegExp(`^nfs4 +${serverAddress}:/srv/media\n$`));
  // As the owner of the share: root is nobody there.
  await asked(
    `setpriv --reuid=1000 --regid=1000 --clear-groups sh -c 'seq 100000 >${share}/written'; sync -f ${share}`,
  );
  expect(await asked('sha256sum </srv/media/written')).toBe(await asked('seq 100000 | sha256sum'));
  expect(await asked(`setpriv --reuid=4242 --clear-groups touch ${share}/denied 2>&1 || true`)).toContain(
    'ermission denied',
  );
  expect(await deviations(guests, node, declared(client))).toEqual({});
});

test('a mount whose line or automount is gone is told, and applied it works again', async () => {
  const wanted = declared(client);
  await asked(
    `systemctl stop mnt-media.automount mnt-media.mount; sed -i '\\:${share}:d' /etc/fstab; systemctl daemon-reload`,
  );
  expect(await deviations(guests, node, wanted)).toEqual({
    'mount:/mnt/media': ['fstab'],
    'service:mnt-media.automount': ['active'],
  });
  await applied(guests, node, wanted);
  expect(await deviations(guests, node, wanted)).toEqual({});
  expect(await asked(`cat ${share}/note`)).toBe('kept\n');
  await asked('systemctl stop mnt-media.automount');
  expect(await deviations(guests, node, wanted)).toEqual({ 'service:mnt-media.automount': ['active'] });
  await applied(guests, node, wanted);
  expect(await asked(`cat ${share}/note`)).toBe('kept\n');
});

test('a server that goes while its share is in use: df and whoever reads get an error instead of hanging', async () => {
  await asked(`ls ${share} >/dev/null`);
  await serverGoes();
  // Both end by themselves, as the mount is soft.
  expect(await endOf(`ls ${share}`)).toBe('2\n');
  expect(await endOf('df')).not.toBe('124\n');
  await serverComes();
  await expect
    .poll(() => asked(`timeout 300 cat ${share}/note 2>/dev/null || true`), { timeout: rebootMs, interval: 2_000 })
    .toBe('kept\n');
});

test('a client starts while its server is gone, df answers, the path gives an error; back again, the share is there', async () => {
  await restart(guests, [node]);
  await expect
    .poll(() => asked('systemctl is-system-running || true'), { timeout: rebootMs, interval: 2_000 })
    .toMatch(/^(?:running|degraded)/);
  expect(await asked('systemctl list-units --failed --no-legend --plain | grep -F mnt-media || echo none')).toBe(
    'none\n',
  );
  expect(await deviations(guests, node, declared(client))).toEqual({});
  expect(await asked(`df --output=target | grep -Fx ${share} || echo none`)).toBe('none\n');
  expect(await endOf(`ls ${share}`)).toBe('2\n');
  await serverComes();
  await expect
    .poll(() => asked(`timeout 300 cat ${share}/note 2>/dev/null || true`), { timeout: rebootMs, interval: 2_000 })
    .toBe('kept\n');
});

test('the share of a server that never sleeps stays mounted; one that is unmounted is told, and comes back', async () => {
  const wanted = declared(client, alwaysOn());
  expect(wanted.find(({ kind }) => kind === 'mount')).toMatchObject({ mounted: true });
  await asked('systemctl stop mnt-media.automount mnt-media.mount');
  await applied(guests, node, wanted);
  expect(await mounted()).toContain(`${serverAddress}:/srv/media`);
  await asked(`umount ${share}`);
  expect(await deviations(guests, node, wanted)).toEqual({ 'mount:/mnt/media': ['mounted'] });
  await applied(guests, node, wanted);
  expect(await deviations(guests, node, wanted)).toEqual({});
  expect(await asked(`cat ${share}/note`)).toBe('kept\n');
});
