import { beforeEach, expect, test } from 'vitest';
import { runAtConsole } from './console.ts';
import { Machine } from './machine.ts';
import type { Face, LabNetwork, MachineSpec } from './machine-spec.ts';

const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBase64 operator';

function specOf(face: Face, more: Partial<MachineSpec> = {}): MachineSpec {
  const nics = [{ name: 'enp1s0', mac: '02:00:00:00:00:63', ip: '192.168.4.63', gateway: '192.168.4.1' }];
  return { name: 'masternode', face, nics, operator: { authorizedKeys: [key] }, ...more };
}

async function booted(
  face: Face = 'debian-12',
  more: Partial<MachineSpec> = {},
  network?: LabNetwork,
): Promise<Machine> {
  const machine = new Machine(specOf(face, more), network ? { network } : {});
  await machine.begin(false);
  return machine;
}

let debian: Machine;
beforeEach(async () => {
  debian = await booted();
});

async function sh(machine: Machine, script: string, user = 'root', stdin?: string) {
  const argv = stdin === undefined ? ['sh', '-s'] : ['sh', '-c', script];
  const result = await runAtConsole(machine, { argv, stdin: stdin ?? script, user });
  const [stdout, stderr] = [result.stdout, result.stderr].map((bytes) => Buffer.from(bytes).toString());
  return { exitCode: result.exitCode, stdout: stdout ?? '', stderr: stderr ?? '' };
}
const out = async (machine: Machine, script: string, user?: string) => (await sh(machine, script, user)).stdout.trim();

test('a fresh Debian is bare: swap on, no chrony, its own time service, key login for the operator', async () => {
  expect(await out(debian, '. /etc/os-release; echo $ID $VERSION_ID; uname -r')).toBe('debian 12\n6.1.0-37-amd64');
  expect(await out(debian, 'tail -n +2 /proc/swaps | cut -d" " -f1; grep -c swap /etc/fstab')).toBe('/dev/sda3\n2');
  expect(await out(debian, 'dpkg-query -W chrony 2>/dev/null; systemctl is-active systemd-timesyncd ssh')).toBe(
    'active\nactive',
  );
  expect(await out(debian, 'stat -c "%a %U" ~ops/.ssh ~ops/.ssh/authorized_keys')).toBe('700 ops\n600 ops');
  expect(await out(debian, 'sysctl -n net.ipv4.ip_forward vm.swappiness')).toBe('0\n60');
});

test('a fresh RHEL enforces SELinux, runs firewalld and lacks kernel-modules-extra', async () => {
  const rhel = await booted('rhel-10');
  expect(await out(rhel, '. /etc/os-release; echo $ID $VERSION_ID; getenforce; systemctl is-active firewalld')).toBe(
    'rhel 10.0\nEnforcing\nactive',
  );
  expect(await sh(rhel, 'modprobe br_netfilter')).toMatchObject({ exitCode: 1 });
  expect(
    await sh(
      rhel,
      'dnf -y -q install kernel-modules-extra && modprobe br_netfilter && cat /proc/sys/net/bridge/bridge-nf-call-iptables',
    ),
  ).toEqual({ exitCode: 0, stdout: '1\n', stderr: '' });
  expect(await sh(rhel, "rpm -q --qf='%{NAME} %{VERSION}\\n' bash nothing none")).toMatchObject({
    exitCode: 2,
    stdout: 'bash 5.2.26\npackage nothing is not installed\npackage none is not installed\n',
  });
});

test('looking at a machine writes nothing; changing it counts', async () => {
  const before = debian.writes;
  await sh(
    debian,
    'ls -lR /etc >/dev/null; cat /etc/passwd; systemctl show ssh; dpkg-query -W; stat /; sha256sum /etc/hosts; echo x >/dev/null; echo y >/run/y',
  );
  expect(debian.writes).toBe(before);
  await sh(debian, 'echo x >/etc/motd');
  expect(debian.writes).toBeGreaterThan(before);
});

test('who is not root cannot write what is root’s', async () => {
  expect(await sh(debian, 'echo x >/etc/motd', 'ops')).toMatchObject({ exitCode: 2 });
  expect(await sh(debian, 'cat /etc/shadow', 'ops')).toMatchObject({ exitCode: 1 });
  expect(
    await sh(debian, 'rm /etc/passwd; chmod 777 /etc; chown ops /etc; mkdir /x; systemctl stop ssh', 'ops'),
  ).toMatchObject({ exitCode: 1 });
  expect(await out(debian, 'systemctl is-active ssh; stat -c %a /etc; test -e /etc/passwd && echo there')).toBe(
    'active\n755\nthere',
  );
});

test('sudo follows the sudoers: without a password, with one on stdin, and not at all', async () => {
  expect(await sh(debian, 'sudo -n id -u', 'ops')).toMatchObject({ exitCode: 0, stdout: '0\n' });
  const asking = await booted('debian-12', {
    operator: { authorizedKeys: [key], sudo: 'password', password: 'secret' },
  });
  expect(await sh(asking, 'sudo -n true', 'ops')).toMatchObject({
    exitCode: 1,
    stderr: 'sudo: a password is required\n',
  });
  expect(await sh(asking, 'sudo -S -p "" sh -s one', 'ops', 'secret\necho "$1 $(id -u)"\n')).toMatchObject({
    stdout: 'one 0\n',
  });
  expect(await sh(asking, 'sudo -S -p "" true', 'ops', 'wrong\n')).toMatchObject({ exitCode: 1 });
  expect(
    await sh(asking, "printf 'secret\\n' | sudo -S -p '' true; sudo -n -- echo cached; sudo -k; sudo -n true", 'ops'),
  ).toMatchObject({
    exitCode: 1,
    stdout: 'cached\n',
  });
  const none = await booted('debian-12', { operator: { authorizedKeys: [key], sudo: 'none' } });
  expect(await sh(none, 'sudo -n true', 'ops')).toMatchObject({ exitCode: 1 });
});

test('apt installs what exists, starts it, and replaces what it conflicts with', async () => {
  expect(await sh(debian, 'apt-get -y -q install nosuchthing')).toMatchObject({
    exitCode: 100,
    stderr: 'E: Unable to locate package nosuchthing\n',
  });
  expect(
    await sh(
      debian,
      'apt-get -y -q install chrony >/dev/null; systemctl is-active chrony systemd-timesyncd; id -u _chrony >/dev/null && echo user',
    ),
  ).toMatchObject({ stdout: 'active\ninactive\nuser\n' });
  expect(await out(debian, "dpkg-query -W -f='${Package} ${Status}\\n' chrony systemd-timesyncd")).toBe(
    'chrony install ok installed\nsystemd-timesyncd deinstall ok config-files',
  );
  expect(
    await sh(debian, 'flock /var/lib/dpkg/lock-frontend sleep 1 & sleep 0.1; apt-get -y install jq >/dev/null'),
  ).toMatchObject({ exitCode: 100 });
  expect(await sh(debian, 'apt-get -y install jq', 'ops')).toMatchObject({ exitCode: 100 });
});

test('a unit is what its file says, and a changed file is owed a reload', async () => {
  const script = `cat >/etc/systemd/system/demo.service <<'E'
[Service]
ExecStart=/bin/sh -c 'exec sleep 100'
[Install]
WantedBy=multi-user.target
E
systemctl daemon-reload; systemctl enable -q --now demo; systemctl is-enabled demo; systemctl is-active demo
echo 'Environment=A=1' >>/etc/systemd/system/demo.service; systemctl show -p NeedDaemonReload demo; systemctl daemon-reload
systemctl show -p NeedDaemonReload --value demo; systemctl disable -q --now demo; systemctl is-enabled demo; systemctl is-active demo`;
  expect(await out(debian, script)).toBe('enabled\nactive\nNeedDaemonReload=yes\nno\ndisabled\ninactive');
});

test('a unit whose command fails or dies is failed', async () => {
  const unit = (exec: string) =>
    `printf '[Service]\\nExecStart=${exec}\\n' >/etc/systemd/system/d.service; systemctl daemon-reload; `;
  expect(await sh(debian, `${unit('/bin/nothing')}systemctl start d`)).toMatchObject({ exitCode: 0 });
  expect(
    await sh(
      debian,
      `${unit('/bin/sh -c "sleep 0.1; exit 3"')}systemctl restart d; systemctl is-active d; sleep 0.3; systemctl is-active d; systemctl show -p Result,ExecMainStatus d`,
    ),
  ).toMatchObject({ stdout: 'active\nfailed\nResult=exit-code\nExecMainStatus=3\n' });
  debian.faults.unitDiesAfterSeconds = { 'cron.service': 0.1 };
  expect(
    await out(debian, 'systemctl restart cron; systemctl is-active cron; sleep 0.3; systemctl is-active cron'),
  ).toBe('active\nfailed');
});

test('a daemon refuses a configuration that it cannot read', async () => {
  await sh(debian, 'apt-get -y install chrony');
  expect(await sh(debian, 'echo nonsense >>/etc/chrony/chrony.conf; systemctl restart chrony')).toMatchObject({
    exitCode: 1,
  });
  expect(await out(debian, 'systemctl is-active chrony')).toBe('failed');
});

test('kernel settings keep the kernel’s rules and are loaded at boot', async () => {
  expect(await sh(debian, 'echo abc >/proc/sys/vm/swappiness')).toMatchObject({ exitCode: 1 });
  expect(await sh(debian, 'sysctl -w net.bridge.bridge-nf-call-iptables=1')).toMatchObject({ exitCode: 255 });
  await sh(
    debian,
    'echo "vm.swappiness = 7" >/etc/sysctl.d/90-x.conf; echo br_netfilter >/etc/modules-load.d/x.conf; sysctl -q -w kernel.panic=10',
  );
  await debian.reboot();
  expect(
    await out(
      debian,
      'cat /proc/sys/vm/swappiness /proc/sys/kernel/panic /proc/sys/net/bridge/bridge-nf-call-iptables',
    ),
  ).toBe('7\n0\n1');
  expect(await out(debian, 'read x </proc/sys/fs/inotify/max_user_watches; echo $x')).toBe('6');
});

test('accounts are what the files of the machine say', async () => {
  expect(
    await out(
      debian,
      'groupadd -g 2000 media; useradd -u 2001 -g media -m -s /bin/bash -G sudo jelly; id jelly; stat -c "%U:%G" /home/jelly',
    ),
  ).toBe('uid=2001(jelly) gid=2000(media) groups=2000(media),27(sudo)\njelly:media');
  expect(await sh(debian, 'useradd jelly')).toMatchObject({ exitCode: 9 });
  expect(
    await out(debian, 'usermod -a -G adm jelly; id -Gn jelly; userdel -r jelly; getent passwd jelly; echo $?'),
  ).toBe('media adm sudo\n2');
});

test('one machine mounts what another exports to it, and nothing else', async () => {
  const machines: Machine[] = [];
  const network: LabNetwork = { find: (name) => machines.find((one) => one.spec.nics[0]?.ip === name) };
  const server = await booted('debian-12', {}, network);
  const client = await booted(
    'debian-12',
    { name: 'client', nics: [{ name: 'enp1s0', mac: '02:00:00:00:00:62', ip: '192.168.4.62' }] },
    network,
  );
  machines.push(server, client);
  const mount = 'mkdir -p /mnt/m; mount -t nfs4 192.168.4.63:/srv/media /mnt/m';
  expect(await sh(client, mount)).toMatchObject({ exitCode: 32 });
  await sh(
    server,
    'apt-get -y install nfs-kernel-server; mkdir -p /srv/media; echo "/srv/media 192.168.4.62(rw)" >/etc/exports; exportfs -ra; echo film >/srv/media/f',
  );
  await sh(client, 'apt-get -y install nfs-common');
  expect(
    await sh(client, `${mount} && cat /mnt/m/f; grep -c nfs4 /proc/mounts; umount /mnt/m; ls /mnt/m`),
  ).toMatchObject({ exitCode: 0, stdout: 'film\n1\n' });
  await sh(server, 'systemctl stop nfs-server');
  expect(await sh(client, mount)).toMatchObject({ exitCode: 32 });
});

test('a timer of systemd-run fires once, and not if it was stopped', async () => {
  const arm =
    'systemd-run -q --unit=undo --on-active=0.2 --timer-property=AccuracySec=10ms /bin/sh -c "echo undone >/tmp/undone"; ';
  expect(
    await out(debian, `${arm}sleep 0.1; systemctl stop undo.timer; sleep 0.3; test -e /tmp/undone || echo kept`),
  ).toBe('kept');
  expect(await out(debian, `${arm}sleep 0.5; cat /tmp/undone`)).toBe('undone');
});

test('a timer armed again does not fire at its old time', async () => {
  const arm = (seconds: number) => `systemd-run -q --unit=undo --on-active=${seconds} /bin/touch /tmp/undone; `;
  const script = `${arm(0.2)}systemctl stop undo.timer; ${arm(5)}sleep 0.4; test -e /tmp/undone || echo waits`;
  expect(await out(debian, script)).toBe('waits');
});

test('a suspended machine stands still and goes on; one that was off has booted', async () => {
  const first = debian.state.bootId;
  const running = out(debian, 'sleep 0.1; echo awake');
  debian.suspend();
  const later = new Promise<string>((resolve) => {
    setTimeout(() => resolve('still asleep'), 300);
  });
  expect(await Promise.race([running, later])).toBe('still asleep');
  await debian.wake();
  expect(await running).toBe('awake');
  expect(debian.state.bootId).toBe(first);
  await debian.reboot();
  expect(debian.state.bootId).not.toBe(first);
  expect(await out(debian, 'systemctl is-active ssh; cat /proc/sys/kernel/random/boot_id')).toBe(
    `active\n${debian.state.bootId}`,
  );
});

test('a liar says yes and does nothing', async () => {
  debian.faults.liar = true;
  expect(
    await sh(
      debian,
      'apt-get -y install chrony && systemctl enable chrony && swapoff -a && modprobe br_netfilter && mkdir /etc/x',
    ),
  ).toMatchObject({ exitCode: 0 });
  expect(
    await out(debian, 'command -v chronyd; test -d /etc/x || echo nothing; tail -n +2 /proc/swaps | grep -c sda3'),
  ).toBe('nothing\n1');
});

test('files carry binary and large content unharmed', async () => {
  const bytes = Buffer.from(Array.from({ length: 100_000 }, (_, index) => (index * 7) % 256));
  const script = `base64 -d >/tmp/b <<'E'\n${bytes.toString('base64').replaceAll(/(.{76})/g, '$1\n')}\nE\nwc -c </tmp/b; cat /tmp/b`;
  const { stdout } = await runAtConsole(debian, { argv: ['sh', '-s'], stdin: script });
  expect(Buffer.compare(Buffer.from(stdout), Buffer.concat([Buffer.from('100000\n'), bytes]))).toBe(0);
});
