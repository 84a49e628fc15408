import { rm } from 'node:fs/promises';
import type { Transport } from '@vmstation/core';
import type { LoadedWorkspace } from '@vmstation/workspace';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startOperator } from './operator.ts';
import { ownMachines } from './own-machines.ts';
import type { Ended } from './run-program.ts';
import { hostsOf, onNode, twoNodeWorkspace } from './two-node-workspace.ts';

// A real machine that was set up and configured is, after `vmstation uninstall`, as it was found.

const machines = await ownMachines();
const node = 'storagenodet3500';
let workspace: LoadedWorkspace;
let transport: Transport;
let found: readonly string[];
const operator = await startOperator(machines);

beforeAll(async () => {
  workspace = await twoNodeWorkspace(machines);
  operator.workspace = workspace.root;
  ({ transport } = hostsOf(machines, workspace));
  found = await picture();
});
afterAll(async () => {
  await transport.close();
  await rm(workspace.root, { recursive: true, force: true });
});

/** Words of a text, whatever its lines. */
const inWords = async (ended: Promise<Ended>): Promise<Ended> => {
  const { text, ...rest } = await ended;
  return { ...rest, text: text.replaceAll(/\s+/g, ' ') };
};
const vmstation = (...args: readonly string[]) => inWords(operator.vmstation(...args));
const withoutAgent = (...args: readonly string[]) => inWords(operator.withoutAgent(...args));

/** Everything below /etc and in homes, folders of programs' state, packages, units, kernel settings, users. */
async function picture(): Promise<readonly string[]> {
  const text = await onNode(
    transport,
    node,
    // Accounts that packages make stay, as Debian wants it; /etc/default/chrony is the lab's, for a package that is not there.
    `find /etc /root/.ssh /home -xdev \\( -path /etc/ssl -o -path '/etc/ca-certificates*' -o -name '*.cache' -o -name '*-' -o -path /etc/default/chrony \\) -prune -o -printf '%p %y %m %U %G %l\\n' | sort
    find /etc /root/.ssh /home -xdev -path /etc/ssl -prune -o -type f ! -name '*-' ! -name '*.cache' ! -path /etc/default/chrony ! -path /etc/passwd ! -path /etc/shadow ! -path /etc/group ! -path /etc/gshadow -print0 | sort -z | xargs -0 sha256sum
    ls /var/lib | grep -i vmstation || :
    dpkg-query -W -f='\${Status} \${Package}\\n'
    systemctl list-unit-files --no-legend --no-pager --state=enabled | awk '{print $1, $2}'
    systemctl list-units --no-legend --plain --no-pager --type=service --state=running | awk '{print $1}' | grep -v -e '^user@' -e systemd-hostnamed -e systemd-timedated
    cat /proc/sys/net/ipv4/ip_forward`,
  );
  return text.split('\n');
}

test('setup and config, taken back, leave a machine as it was found', async () => {
  const must = async (...args: readonly string[]) => {
    const { exitCode, text } = await vmstation(...args);
    expect(exitCode, text).toBe(0);
    return text;
  };
  await must('node', 'trust', '--yes');
  await must('setup', '--node', node, '--yes');
  // A container cannot carry the NFS server: of that step, too, everything has to go.
  const config = await vmstation('config', 'apply', '--node', node, '--yes');
  expect(config.text).toContain('5 changed · 1 failed');
  expect(await picture()).not.toEqual(found);

  const shown = await vmstation('uninstall', node, '--dry-run');
  expect(shown.exitCode, shown.text).toBe(2);
  expect(shown.text).toContain('(in try mode)');

  // With the workspace's key as the only one, it is not given up.
  const locked = await withoutAgent('uninstall', node, '--yes', '--node-name', node);
  expect(locked.exitCode, locked.text).toBe(1);
  expect(locked.text).toContain('no new connection came in without it');
  expect((await withoutAgent('node', 'run', node, '--root', '--', 'id', '-u')).text.trim()).toBe('0');

  // The log daemon's queue lay in a folder that we made: what others put there is theirs.
  const spool = await vmstation('uninstall', node, '--yes', '--node-name', node);
  expect(spool.text).toContain('/var/spool/rsyslog is not empty: what came since is left as it is');
  expect(spool.exitCode, spool.text).toBe(1);
  await onNode(transport, node, 'rm -r /var/spool/rsyslog');
  const taken = await must('uninstall', node, '--yes', '--node-name', node);
  expect(taken).toContain('is as it was found');
  expect(await picture()).toEqual(found);
  expect(await must('uninstall', node, '--yes', '--node-name', node)).toContain('nothing to take back');
});
