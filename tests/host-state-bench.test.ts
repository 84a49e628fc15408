import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { observingScript } from '../bench/host-state/observing-script.ts';
import { writePlaybook } from '../bench/host-state/playbook.ts';
import { siteOf } from '../bench/host-state/site.ts';

// The bench itself needs root and ten minutes; that it still knows everything that its site declares is looked at here.

test('the bench of host state can say its whole site to Ansible, and looks at all of it by hand', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'vmstation-bench-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const names = ['masternode', 'storagenodet3500', 'homelab'];
  const machines = {
    names,
    machines: names.map((name, index) => ({ name, address: `10.78.101.6${index}`, mac: `02:78:00:00:00:0${index}` })),
    range: '10.78.101.0/24',
    gateway: '10.78.101.1',
    user: 'ops',
    identityFile: join(folder, 'key'),
    sshConfigFile: join(folder, 'ssh_config'),
    knownHostsFile: join(folder, 'known_hosts'),
    running: new Map(),
    down: async () => {},
  };
  writeFileSync(machines.sshConfigFile, '');
  writeFileSync(machines.knownHostsFile, '');
  const site = await siteOf(machines, folder);
  expect([...site.resources.keys()]).toEqual(names);
  for (const resources of site.resources.values()) {
    expect(resources.length).toBeGreaterThanOrEqual(55);
    expect(observingScript(resources)).toContain('sha256sum ');
  }
  const playbook = await writePlaybook(site, machines, join(folder, 'ansible'));
  expect(readFileSync(playbook.file, 'utf8')).toContain('ansible.builtin.apt:');
  expect(playbook.tasks).toBeGreaterThan(30);
});
