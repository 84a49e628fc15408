import { generateKeyPairSync } from 'node:crypto';
import ssh2 from 'ssh2';
import { type LabRandom, randomUuid } from '../clock/randomness.ts';
import type { FileTree } from '../disk/file-tree.ts';
import { programFile } from '../shell/execute.ts';
import type { FaceDefinition } from './face.ts';
import { SYSTEMD_SERVICES } from './faces/shared-packages.ts';
import { TARGETS, targetUnit } from './faces/unit-texts.ts';
import { ed25519HostKey } from './host-key.ts';
import type { MachineSpec } from './machine-spec.ts';
import { installedEntry, type PackageDatabase } from './package-database.ts';
import { unpackPackage } from './package-files.ts';
import type { RootFiles } from './root-files.ts';
import { enableUnit } from './unit-enablement.ts';

/** What an installation writes to. */
interface Target {
  readonly spec: MachineSpec;
  readonly face: FaceDefinition;
  readonly files: RootFiles;
  readonly tree: FileTree;
  readonly packages: PackageDatabase;
  readonly random: LabRandom;
}

/** Writes the disk of a fresh minimal installation. */
export function installImage(target: Target): void {
  layOutFolders(target);
  writeAccounts(target);
  writeSettings(target);
  writeSsh(target);
  writeNetwork(target);
  installBase(target);
}

function layOutFolders({ files }: Target): void {
  const folders =
    'boot dev etc home media mnt opt proc root run srv sys tmp usr/bin usr/sbin usr/lib/systemd/system usr/local/bin usr/local/sbin usr/local/lib usr/share/zoneinfo usr/lib/modules var/lib var/log var/cache var/spool var/tmp etc/default etc/sysctl.d etc/modules-load.d etc/modprobe.d etc/systemd/system etc/sudoers.d etc/profile.d etc/cron.d etc/logrotate.d etc/security/limits.d usr/lib/sysctl.d etc/issue.d';
  for (const path of folders.split(' ')) files.folder(`/${path}`);
  for (const name of ['bin', 'sbin', 'lib']) files.link(`/${name}`, `usr/${name}`);
  files.link('/usr/lib64', 'lib');
  files.link('/lib64', 'usr/lib');
  files.link('/var/run', '/run');
  for (const path of ['/tmp', '/var/tmp']) (files.find(path) as { mode: number }).mode = 0o1777;
  (files.find('/root') as { mode: number }).mode = 0o700;
}

const SYSTEM_USERS =
  'daemon:1 bin:2 sys:3 sync:4 games:5 man:6 lp:7 mail:8 news:9 www-data:33 backup:34 list:38 nobody:65534 systemd-network:998 messagebus:100';
const SYSTEM_GROUPS =
  'daemon:1 bin:2 sys:3 adm:4 tty:5 disk:6 lp:7 mail:8 man:12 kmem:15 dialout:20 sudo:27 audio:29 www-data:33 backup:34 shadow:42 video:44 staff:50 users:100 nogroup:65534 systemd-journal:999 systemd-network:998 messagebus:101';

function writeAccounts({ spec, face, files }: Target): void {
  const operator = spec.operator?.name ?? 'ops';
  const home = `/home/${operator}`;
  const nologin = '/usr/sbin/nologin';
  const users = SYSTEM_USERS.split(' ').map((entry) =>
    entry.replace(/^([^:]*):(.*)$/, `$1:x:$2:$2:$1:/nonexistent:${nologin}`),
  );
  const passwd = ['root:x:0:0:root:/root:/bin/bash', ...users];
  const wheel = face.family === 'rhel' ? ['wheel:x:10:'] : [];
  const groups = [
    'root:x:0:',
    ...SYSTEM_GROUPS.split(' ').map((entry) => entry.replace(/^([^:]*):(.*)$/, '$1:x:$2:')),
    ...wheel,
  ];
  if (operator !== 'root') {
    passwd.push(`${operator}:x:1000:1000:Operator:${home}:/bin/bash`);
    groups.push(`${operator}:x:1000:`);
  }
  files.write('/etc/passwd', `${passwd.join('\n')}\n`);
  files.write('/etc/group', `${groups.join('\n')}\n`);
  const shadow = passwd.map(
    (line) => `${line.split(':')[0]}:${line.startsWith('root:') ? '*' : '!'}:20000:0:99999:7:::`,
  );
  files.write('/etc/shadow', `${shadow.join('\n')}\n`, { mode: 0o640, gid: 42 });
  files.write('/etc/shells', '/bin/sh\n/bin/bash\n/usr/bin/bash\n/bin/dash\n');
  files.write('/etc/login.defs', 'UID_MIN 1000\nUID_MAX 60000\nSYS_UID_MIN 100\nSYS_UID_MAX 999\nUMASK 022\n');
  const owner = operator === 'root' ? { uid: 0, gid: 0 } : { uid: 1000, gid: 1000 };
  const base = operator === 'root' ? '/root' : home;
  files.folder(base, { mode: 0o700, ...owner });
  files.folder(`${base}/.ssh`, { mode: 0o700, ...owner });
  files.write(
    `${base}/.ssh/authorized_keys`,
    (spec.operator?.authorizedKeys ?? []).map((key) => `${key.trim()}\n`).join(''),
    { mode: 0o600, ...owner },
  );
  writeSudoers(spec, operator, files);
}

function writeSudoers(spec: MachineSpec, operator: string, files: RootFiles): void {
  files.write(
    '/etc/sudoers',
    'Defaults\tenv_reset\nDefaults\tsecure_path="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"\nroot\tALL=(ALL:ALL) ALL\n%sudo\tALL=(ALL:ALL) ALL\n@includedir /etc/sudoers.d\n',
    { mode: 0o440 },
  );
  const rule = spec.operator?.sudo ?? 'nopasswd';
  if (rule === 'nopasswd')
    files.write(`/etc/sudoers.d/90-${operator}`, `${operator} ALL=(ALL) NOPASSWD: ALL\n`, { mode: 0o440 });
  if (rule === 'password') files.write(`/etc/sudoers.d/90-${operator}`, `${operator} ALL=(ALL) ALL\n`, { mode: 0o440 });
  const password = spec.operator?.password;
  if (password === undefined) return;
  // The lab's own crypt(3) scheme: plain behind a marker, readable only by the machine's root.
  const shadow = files.read('/etc/shadow') ?? '';
  files.write(
    '/etc/shadow',
    shadow.replace(new RegExp(`^${operator}:!`, 'm'), () => `${operator}:$lab$${password}`),
  );
}

function writeSettings({ spec, face, files, random }: Target): void {
  files.write('/usr/lib/os-release', face.osRelease);
  files.link('/etc/os-release', '../usr/lib/os-release');
  files.write('/etc/hostname', `${spec.name}\n`);
  files.write('/etc/machine-id', `${Buffer.from(random.bytes(16)).toString('hex')}\n`, { mode: 0o444 });
  const zone = spec.timezone ?? 'Etc/UTC';
  for (const name of new Set([zone, ...ZONES.split(' ')]))
    files.write(`/usr/share/zoneinfo/${name}`, `TZif2 ${name}\n`);
  files.link('/etc/localtime', `${face.family === 'rhel' ? '..' : ''}/usr/share/zoneinfo/${zone}`);
  if (face.family === 'debian') files.write('/etc/timezone', `${zone}\n`);
  if (face.family === 'debian') files.write('/etc/debian_version', '12.11\n');
  else files.write('/etc/redhat-release', 'Red Hat Enterprise Linux release 10.0 (Coughlan)\n');
  files.write('/etc/profile', 'export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n');
  files.write('/etc/issue.net', face.family === 'debian' ? 'Debian GNU/Linux 12\n' : '\\S\n');
  files.write(
    '/etc/issue',
    face.family === 'debian' ? 'Debian GNU/Linux 12 \\n \\l\n\n' : '\\S\nKernel \\r on \\m (\\l)\n\n',
  );
  files.write('/etc/motd', '');
  files.write('/etc/sysctl.conf', '# See sysctl.conf(5)\n');
  if (face.family === 'debian') files.link('/etc/sysctl.d/99-sysctl.conf', '../sysctl.conf');
  files.write(
    '/usr/lib/sysctl.d/50-default.conf',
    'kernel.sysrq = 438\nnet.ipv4.conf.default.rp_filter = 2\nfs.protected_regular = 2\n',
  );
  files.write('/etc/modules-load.d/README', '');
  files.remove('/etc/modules-load.d/README');
  const uuid = randomUuid(random);
  const swap = spec.swapMib ?? 1024;
  const lines = [
    `UUID=${uuid} / ${face.rootType} ${face.rootType === 'ext4' ? 'errors=remount-ro' : 'defaults'} 0 ${face.rootType === 'ext4' ? 1 : 0}`,
  ];
  if (swap > 0)
    lines.push(
      '# swap was on /dev/sda3 during installation',
      `/dev/sda3 none swap ${face.family === 'debian' ? 'sw' : 'defaults'} 0 0`,
    );
  files.write('/etc/fstab', `# /etc/fstab: static file system information.\n${lines.join('\n')}\n`);
  if (face.family === 'debian') {
    files.write(
      '/etc/apt/sources.list',
      'deb http://deb.debian.org/debian bookworm main\ndeb http://security.debian.org/debian-security bookworm-security main\ndeb http://deb.debian.org/debian bookworm-updates main\n',
    );
    files.folder('/etc/apt/sources.list.d');
    files.folder('/etc/apt/apt.conf.d');
    files.folder('/etc/apt/keyrings');
    files.folder('/var/lib/apt/lists');
    files.write('/var/lib/dpkg/lock-frontend', '', { mode: 0o640 });
    files.write('/var/lib/dpkg/lock', '', { mode: 0o640 });
  } else {
    files.write(
      '/etc/yum.repos.d/redhat.repo',
      '[rhel-10-baseos]\nname=Red Hat Enterprise Linux 10 BaseOS\nenabled=1\ngpgcheck=1\n',
    );
    files.write('/etc/dnf/dnf.conf', '[main]\ngpgcheck=1\n');
    files.write('/etc/locale.conf', 'LANG=C.UTF-8\n');
    files.folder('/etc/sysconfig');
  }
}

const ZONES =
  'UTC Etc/UTC Europe/Amsterdam Europe/Berlin Europe/London Europe/Paris Europe/Madrid Europe/Rome Europe/Zurich Europe/Vienna Europe/Stockholm America/New_York America/Chicago America/Denver America/Los_Angeles America/Toronto America/Sao_Paulo Asia/Tokyo Asia/Shanghai Asia/Singapore Asia/Kolkata Australia/Sydney Africa/Johannesburg';

function writeSsh({ spec, face, files }: Target): void {
  // Who prepared a machine for root's key has let root in; an installer's own choice is no.
  const rootLogin = spec.operator?.name === 'root' ? 'prohibit-password' : 'no';
  const config =
    face.family === 'debian'
      ? `Include /etc/ssh/sshd_config.d/*.conf\n\n#Port 22\n#PermitRootLogin prohibit-password\nPermitRootLogin ${rootLogin}\nKbdInteractiveAuthentication no\nUsePAM yes\nX11Forwarding yes\nPrintMotd no\nAcceptEnv LANG LC_*\nSubsystem\tsftp\t/usr/lib/openssh/sftp-server\n`
      : `Include /etc/ssh/sshd_config.d/*.conf\n\nPermitRootLogin ${rootLogin}\nAuthorizedKeysFile\t.ssh/authorized_keys\nSubsystem\tsftp\t/usr/libexec/openssh/sftp-server\n`;
  files.write('/etc/ssh/sshd_config', config, { mode: face.family === 'debian' ? 0o644 : 0o600 });
  if (face.family === 'rhel')
    files.write(
      '/etc/ssh/sshd_config.d/50-redhat.conf',
      'SyslogFacility AUTHPRIV\nChallengeResponseAuthentication no\nUsePAM yes\nX11Forwarding yes\nPrintMotd no\n',
      { mode: 0o600 },
    );
  files.write('/etc/ssh/ssh_config', 'Host *\n    SendEnv LANG LC_*\n');
  const ed25519 = ed25519HostKey();
  files.write('/etc/ssh/ssh_host_ed25519_key', ed25519.private, { mode: 0o600 });
  files.write('/etc/ssh/ssh_host_ed25519_key.pub', `${ed25519.public} root\n`);
  const rsa = rsaKey();
  files.write('/etc/ssh/ssh_host_rsa_key', rsa.privateKey, { mode: 0o600 });
  files.write('/etc/ssh/ssh_host_rsa_key.pub', rsa.publicLine);
}

let sharedRsaKey: { privateKey: string; publicLine: string } | undefined;

/** An RSA host key: one for all machines of this process, because making one takes a tenth of a second. */
function rsaKey(): { privateKey: string; publicLine: string } {
  if (sharedRsaKey) return sharedRsaKey;
  const pem = { type: 'pkcs1', format: 'pem' } as const;
  const { privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: pem,
    publicKeyEncoding: pem,
  });
  const parsed = ssh2.utils.parseKey(privateKey);
  const publicLine = parsed instanceof Error ? '' : `ssh-rsa ${parsed.getPublicSSH().toString('base64')} root\n`;
  sharedRsaKey = { privateKey, publicLine };
  return sharedRsaKey;
}

function writeNetwork({ spec, face, files }: Target): void {
  const domain = spec.domain ?? 'home.arpa';
  const own = face.family === 'debian' ? `127.0.1.1\t${spec.name}.${domain}\t${spec.name}\n` : '';
  files.write('/etc/hosts', `127.0.0.1\tlocalhost\n${own}::1\tlocalhost ip6-localhost ip6-loopback\n`);
  const gateway = spec.nics[0]?.gateway ?? '192.168.4.1';
  files.write('/etc/resolv.conf', `search ${domain}\nnameserver ${gateway}\n`);
  files.write('/etc/nsswitch.conf', 'passwd: files\ngroup: files\nshadow: files\nhosts: files dns\n');
  if (face.family !== 'debian') return;
  const stanzas = spec.nics.map(
    (nic) =>
      `auto ${nic.name}\niface ${nic.name} inet static\n    address ${nic.ip}/${nic.prefixLength ?? 24}\n    gateway ${nic.gateway ?? gateway}\n`,
  );
  files.write(
    '/etc/network/interfaces',
    `source /etc/network/interfaces.d/*\nauto lo\niface lo inet loopback\n\n${stanzas.join('\n')}`,
  );
}

function installBase(target: Target): void {
  const { face, files, packages, spec } = target;
  if (face.family === 'debian') files.write('/usr/lib/systemd/system/syslog.socket', syslogSocket);
  for (const [name, description] of Object.entries(TARGETS))
    files.write(
      `/usr/lib/systemd/system/${name}`,
      targetUnit(
        description,
        name === 'multi-user.target'
          ? 'Requires=basic.target\n'
          : name === 'basic.target'
            ? 'Requires=sysinit.target\nWants=sockets.target timers.target\n'
            : '',
      ),
    );
  files.link('/etc/systemd/system/default.target', '/usr/lib/systemd/system/multi-user.target');
  for (const [name, text] of Object.entries(SYSTEMD_SERVICES)) {
    files.write(`/usr/lib/systemd/system/${name}`, text);
    files.link(`/usr/lib/systemd/system/sysinit.target.wants/${name}`, `../${name}`);
    const program = /^ExecStart=(\S+)/m.exec(text)?.[1];
    if (program) files.write(program, programFile('daemon'), { mode: 0o755 });
  }
  const base = face.base();
  for (const definition of base) {
    unpackPackage(target, definition);
    for (const unit of [...definition.starts, ...definition.enables]) enableUnit(files, unit);
  }
  packages.recordAll(base.map(installedEntry));
  files.link('/usr/bin/sh', face.shellDialect);
  files.link('/usr/bin/python3', `python${face.pythonVersion.split('.').slice(0, 2).join('.')}`);
  files.write(
    `/usr/lib/modules/${face.kernelRelease}/modules.order`,
    face.modules.map((name) => `kernel/${name}.ko\n`).join(''),
  );
  for (const program of spec.withoutPrograms ?? [])
    for (const folder of ['/usr/bin', '/usr/sbin']) files.remove(`${folder}/${program}`);
}

/** Debian's: journald passes every line on, and the first one starts whoever is called syslog.service. */
const syslogSocket = `[Unit]
Description=Syslog Socket
[Socket]
ListenDatagram=/run/systemd/journal/syslog
Service=syslog.service
`;
