import { rm } from 'node:fs/promises';
import { type Cluster, effectiveSettings, nodeOf, type Resource } from '@vmstation/core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ntpRole } from '../../packages/cluster-config/src/roles/ntp/index.ts';
import { onNode, twoNodeWorkspace } from '../hosts/two-node-workspace.ts';
import { applied, deviations, type FreshGuests, freshGuests, rebootMs } from './fresh-guests.ts';
import { serveTime } from './time-source.ts';

// A clock of the machine's own that is wrong, and the time role. This computer serves the time at the bridge's address, as the cluster's time server.

const node = 'masternode';
const [follower, server] = ['storagenodet3500', 'masternode'] as const;
let guests: FreshGuests;
let wanted: readonly Resource[];
let stopServing: (() => Promise<void>) | undefined;

beforeAll(async () => {
  guests = await freshGuests();
  const { access } = guests;
  stopServing = await serveTime(access.gateway);
  const [first] = access.machines;
  if (first === undefined) throw new Error('no guest');
  const other = { name: follower, address: first.address.replace(/\d+$/, '61'), mac: '02:78:00:00:00:61' };
  const workspace = await twoNodeWorkspace({ ...access, machines: [first, other] });
  await rm(workspace.root, { recursive: true, force: true });
  wanted = declared(workspace.cluster, access.gateway);
});
afterAll(async () => {
  await stopServing?.();
  await guests?.close();
});

/** What the role wants of a node that may sleep, whose time server has this address; nobody outside is asked. */
function declared(model: Cluster, address: string): readonly Resource[] {
  const cluster: Cluster = {
    ...model,
    services: { ...model.services, ntp: { ...model.services.ntp, upstream: [] } },
    nodes: model.nodes.map((each) =>
      each.name === server ? { ...each, address } : { ...each, power: { ...each.power, sleepMethod: 'suspend' } },
    ),
  };
  const modelled = nodeOf(cluster, follower);
  const resources = ntpRole.declare(modelled, { cluster, settings: effectiveSettings([], modelled) });
  return resources.map((one) => ('resource' in one ? one.resource : one));
}

const asked = (script: string) => onNode(guests.transport, node, script);
const behind = 'date -s "@$(($(date +%s) - 3600))" >/dev/null';

/** Seconds that a check finds the machine's clock behind this computer's. */
async function secondsBehind(): Promise<number> {
  const { facts } = await guests.host.check(node, []);
  return (Date.now() - Date.parse(facts.clock)) / 1000;
}
async function comesRight(): Promise<void> {
  await expect.poll(secondsBehind, { timeout: rebootMs, interval: 2_000 }).toBeLessThan(300);
}

test('a clock that is an hour behind is seen, and stepped when the role is applied', async () => {
  await asked(`systemctl stop chrony 2>/dev/null || true; ${behind}`);
  expect(await secondsBehind()).toBeGreaterThan(3_500);
  await applied(guests, node, wanted);
  await comesRight();
  await expect
    .poll(() => asked('chronyc -n sources'), { timeout: rebootMs, interval: 2_000 })
    .toContain(`^* ${guests.access.gateway}`);
  expect(await deviations(guests, node, wanted)).toEqual({});
});

test('a machine that wakes with the time at which it fell asleep asks at once and steps its clock', async () => {
  await asked(behind);
  expect(await secondsBehind()).toBeGreaterThan(3_500);
  await asked('systemctl start vmstation-time-after-sleep.service');
  await comesRight();
  expect(await deviations(guests, node, wanted)).toEqual({});
});
