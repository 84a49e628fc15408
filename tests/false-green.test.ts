import { chmod, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type LabWorkspace, openLabWorkspace } from './lab-workspace.ts';

// Each way in which something says that it went well and did not: the run must end red and name the cause.

let lab: LabWorkspace;
beforeAll(async () => {
  lab = await openLabWorkspace();
});
afterAll(() => lab?.remove());

/** Puts a script in place of the lab's installer, which stays beside it as `real`, while `body` runs. */
async function withInstaller(script: (real: string) => string, body: () => Promise<void>): Promise<void> {
  const installer = join(lab.root, '.vmstation/lab/bin/ansible-playbook');
  const real = `${installer}.real`;
  await rename(installer, real);
  try {
    await writeFile(installer, `#!/bin/sh\n${script(real)}\n`);
    await chmod(installer, 0o755);
    await body();
  } finally {
    await rename(real, installer);
  }
}

test('a node that answers nothing', async () => {
  await lab.fault({ node: 'homelab' }, 'silent');
  const before = await lab.writes();
  const { exitCode, text } = await lab.vmstation(['up', '--yes', '--only', 'setup', '--node', 'homelab']);
  expect(text).toContain('setup/prerequisites/homelab');
  expect(text).toContain('homelab could not be reached over SSH: Connection timed out during banner exchange');
  expect(text).toContain('ssh/unreachable');
  expect(exitCode).toBe(1);
  expect(await lab.writes()).toEqual(before);
  await lab.clearFaults();
});

test('a unit that dies one second after its start', async () => {
  await lab.fault({ node: 'masternode' }, 'unit-fails', 'chrony.service', 'after-seconds=1');
  const { exitCode, text } = await lab.vmstation(['up', '--yes', '--only', 'setup', '--node', 'masternode']);
  expect(text).toContain('✗ setup/ntp/masternode failed');
  expect(text).toContain('chrony.service: it did not stay up');
  expect(text).toContain('service:chrony.service: active is failed, wanted yes');
  expect(exitCode).toBe(1);
  await lab.clearFaults();
  expect(await lab.vmstation(['up', '--yes', '--only', 'setup'])).toMatchObject({ exitCode: 0 });
});

test('an installer that exits 0 and does nothing', async () => {
  await withInstaller(
    () => 'exit 0',
    async () => {
      const { exitCode, text } = await lab.vmstation(['up', '--yes', '--only', 'infra']);
      expect(text).toContain('✗ infra/deploy failed');
      expect(text).toContain('ansible-playbook ended with exit code 0 but without a recap, so it installed nothing');
      expect(text).toContain('infra/installer-failed');
      expect(exitCode).toBe(1);
    },
  );
});

test('the range of the pods lost on its way into the installer', async () => {
  expect(await lab.vmstation(['lab', 'reset', '--yes'])).toMatchObject({ exitCode: 0 });
  const args = join(lab.root, '.vmstation/installer-touched');
  await lab.vmstation(['lab', 'start']);
  await withInstaller(
    (real) => `for word in "$@"; do [ "$before" = -i ] && inventory=$word; before=$word; done
for file in $(grep -rl kube_pods_subnet "$(dirname "$inventory")"); do
  grep -v kube_pods_subnet "$file" >"$file.cut"; mv "$file.cut" "$file"; echo "$file" >>'${args}'
done
exec '${real}' "$@"`,
    async () => {
      const { exitCode, text } = await lab.vmstation(['up', '--yes', '--to', 'infra']);
      expect(await readFile(args, 'utf8')).toContain('group_vars');
      expect(text).toContain('✗ infra/verify failed want 10.244.0.0/16; seen 10.233.64.0/18');
      expect(text).toContain('infra/pod-range');
      expect(exitCode).toBe(1);
    },
  );
});
