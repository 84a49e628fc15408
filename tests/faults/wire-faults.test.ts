import type { Resource } from '@vmstation/core';
import { expect, test } from 'vitest';
import { faultyMachine, leftovers, node, outcomesOf } from './faulty-machine.ts';

// What goes wrong between the machines: the error names the node and what to do, and the next run completes.

const motd: Resource = { kind: 'file', path: '/etc/motd', content: 'welcome\n'.repeat(400) };
const forwarding: Resource = { kind: 'sysctl', key: 'net.ipv4.ip_forward', value: '1' };
const folder: Resource = { kind: 'directory', path: '/srv/media', mode: '0750' };
const all = [motd, forwarding, folder];

test.concurrent('an unreachable node refuses connections, and one that was open breaks', async () => {
  const { faults, host, apply } = await faultyMachine();
  await host.check(node, all);
  faults.onNode(node, 'unreachable');
  for (let attempt = 1; attempt <= 2; attempt++)
    await expect(host.check(node, all)).rejects.toMatchObject({
      code: 'ssh/unreachable',
      message: expect.stringMatching(new RegExp(`^${node} .*could not be reached over SSH: .*Connection refused`)),
      tryThis: expect.stringContaining(`${node} is switched on`),
    });
  faults.clear();
  expect(new Set(Object.values(outcomesOf(await apply(all))))).toEqual(new Set(['changed']));
});

test.concurrent('a slow line is slow and nothing else, a connection that is open included', async () => {
  const { faults, host, apply } = await faultyMachine();
  const quick = await host.check(node, all);
  faults.onNode(node, 'slow', { 'latency-ms': 150, 'bytes-per-second': 20_000 });
  const slow = await host.check(node, all);
  expect([...slow.resources]).toEqual([...quick.resources]);
  expect(slow.durationMs).toBeGreaterThan(300);
  expect(new Set(Object.values(outcomesOf(await apply(all))))).toEqual(new Set(['changed']));
  faults.clear();
  expect(new Set(Object.values(outcomesOf(await apply(all))))).toEqual(new Set(['unchanged']));
});

test.concurrent.each([0, 3000, 6000, 14_000])(
  'a connection that dies after %d bytes is said to be lost or is made again, and the next run completes',
  async (bytes) => {
    const { machine, faults, apply } = await faultyMachine();
    faults.onNode(node, 'cut', { 'after-bytes': bytes });
    const ended = await apply(all).then(
      (report) => new Set(Object.values(outcomesOf(report))),
      (error: unknown) => error,
    );
    const lost = {
      code: expect.stringMatching(/^ssh\/(connection-lost|unreachable)$/) as unknown,
      message: expect.stringContaining(node) as unknown,
      retryable: true,
    };
    expect(ended instanceof Error ? ended : { ...lost, outcomes: ended }).toMatchObject(lost);
    expect(ended instanceof Error ? new Set(['changed']) : ended).toEqual(new Set(['changed']));
    expect(faults.list()).toEqual([]);
    const outcomes = Object.values(outcomesOf(await apply(all)));
    expect(outcomes.filter((outcome) => !outcome.endsWith('changed'))).toEqual([]);
    expect(new Set(Object.values(outcomesOf(await apply(all))))).toEqual(new Set(['unchanged']));
    expect(leftovers(machine)).toEqual([]);
  },
);

test.concurrent.each([1, 5, 9, 14])(
  'a connection that dies after %d steps of a change leaves the change to itself, and what the machine did is told',
  async (steps) => {
    const { machine, faults, apply } = await faultyMachine();
    faults.onNode(node, 'cut', { 'after-steps': steps });
    expect(new Set(Object.values(outcomesOf(await apply(all))))).toEqual(new Set(['changed']));
    expect(new Set(Object.values(outcomesOf(await apply(all))))).toEqual(new Set(['unchanged']));
    expect(leftovers(machine)).toEqual([]);
  },
);

test.concurrent('a machine that is gone for good after a cut: the error says how far the change had come, and the next run completes', async () => {
  const { machine, faults, host, apply } = await faultyMachine('debian-12', undefined, 2);
  let cut = false;
  const run = { node, runId: 'cut', resources: all };
  const ended = host.apply({
    ...run,
    onProgress: () => {
      if (!cut) faults.onNode(node, 'unreachable');
      cut = true;
    },
  });
  await expect(ended).rejects.toMatchObject({
    code: 'ssh/connection-lost',
    message: expect.stringMatching(
      new RegExp(
        `${node} (was cut while it was at .* of 3 steps had ended.* by itself|has told the end of the change)`,
      ),
    ),
    tryThis: expect.stringContaining('same command again'),
    retryable: true,
  });
  faults.clear();
  expect(Object.values(outcomesOf(await apply(all))).filter((outcome) => !outcome.endsWith('changed'))).toEqual([]);
  expect(leftovers(machine)).toEqual([]);
});

test.concurrent('a connection that dies every time is never green', async () => {
  const { faults, apply } = await faultyMachine();
  faults.onNode(node, 'cut', { 'after-bytes': 4000, times: 'always' });
  await expect(apply(all)).rejects.toMatchObject({
    code: expect.stringMatching(/^ssh\/(connection-lost|unreachable)$/),
  });
  expect(faults.list()).toHaveLength(1);
  faults.clear();
  expect(Object.values(outcomesOf(await apply(all))).filter((outcome) => !outcome.endsWith('changed'))).toEqual([]);
});
