import { afterAll, beforeAll, expect, test } from 'vitest';
import { type LabWorkspace, openLabWorkspace } from './lab-workspace.ts';

// A machine that was set up and configured is, after `vmstation uninstall`, as it was found.

const node = 'storagenodet3500';
const edited = '/etc/rsyslog.d/10-vmstation-sender.conf';
const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEx0cmEgb3BlcmF0b3JzIGtleSBmb3IgdGhlIHRlc3Q0 somebody';

let lab: LabWorkspace;
let found: string;

beforeAll(async () => {
  lab = await openLabWorkspace();
  found = await picture();
});
afterAll(() => lab?.remove());

const onNode = async (script: string): Promise<string> => {
  const { exitCode, text } = await lab.vmstation(['node', 'run', node, '--root', '--', 'sh', '-c', script]);
  expect(exitCode, text).toBe(0);
  return text;
};

/** Everything below /etc and in homes, packages, units and kernel settings. Simulated packages leave their accounts and empty folders. */
function picture(): Promise<string> {
  return onNode(`state() {
      for p in "$1"/* "$1"/.[!.]*; do
        if [ -L "$p" ]; then echo "$p -> $(readlink "$p")"
        elif [ -d "$p" ]; then
          case $p in /etc/chrony|/etc/rsyslog.d) ;; *) echo "$p $(stat -c '%a %u %g' "$p")";; esac
          ( state "$p" )
        elif [ -f "$p" ]; then
          case $p in /etc/passwd|/etc/group|/etc/shadow) ;; *) echo "$(sha256sum "$p") $(stat -c '%a %u %g' "$p")";; esac
        fi
      done
    }
    state /etc; state /home; state /root; ls /var/lib
    dpkg-query -W -f='\${Status} \${Package}\\n'
    cat /proc/sys/net/ipv4/ip_forward /proc/sys/vm/swappiness /proc/swaps`);
}

const uninstall = (...more: readonly string[]) => lab.vmstation(['uninstall', node, ...more]);

test('a machine on which nothing was done has nothing to take back', async () => {
  const { exitCode, text } = await uninstall('--yes', '--node-name', node);
  expect(text).toContain('nothing to take back');
  expect(exitCode).toBe(0);
});

test('what somebody changed since is left and named, and the records with it', async () => {
  const up = await lab.vmstation(['setup', '--node', node, '--yes']);
  expect(up.exitCode, up.text).toBe(0);
  const config = await lab.vmstation(['config', 'apply', '--node', node, '--yes']);
  expect(config.exitCode, config.text).toBe(0);
  expect(await picture()).not.toBe(found);
  await onNode(`echo '# mine' >>${edited}; echo '${key}' >>/root/.ssh/authorized_keys || :`);

  const alone = await uninstall('--yes');
  expect(alone.text).toContain('cli/needs-approval');
  const mistyped = await uninstall('--yes', '--node-name', 'masternode');
  expect(mistyped.text).toContain('cli/not-approved');
  const shown = await uninstall('--dry-run');
  expect(shown.text).toContain(`${edited} (somebody changed it since)`);
  expect(shown.exitCode).toBe(2);

  await onNode('mkdir /etc/kubernetes; echo x >/etc/kubernetes/kubelet.conf');
  const onto = await uninstall('--yes', '--node-name', node);
  expect(onto.text).toContain('uninstall/kubernetes-runs');
  await onNode('rm -r /etc/kubernetes');

  const left = await uninstall('--yes', '--node-name', node);
  expect(left.text).toContain(`${edited} was changed after the run, so it is left as it is`);
  expect(left.exitCode, left.text).toBe(1);
  expect(await onNode(`tail -n 1 ${edited}`)).toContain('# mine');
});

test('put right, it is as it was found, and nothing of ours is left', async () => {
  await onNode(`grep -v '^# mine$' ${edited} >/tmp/right; cat /tmp/right >${edited}; rm /tmp/right`);
  const { exitCode, text } = await uninstall('--yes', '--node-name', node);
  expect(text).toContain('is as it was found');
  expect(exitCode, text).toBe(0);
  // The key that somebody added in between is not ours to take away.
  expect(await onNode('cat /root/.ssh/authorized_keys')).toContain(key);
  await onNode(
    'f=/root/.ssh/authorized_keys; grep -v somebody $f >/tmp/keys || :; if [ -s /tmp/keys ]; then cat /tmp/keys >$f; else rm $f; fi; rm /tmp/keys',
  );
  expect(await picture()).toBe(found);
});
