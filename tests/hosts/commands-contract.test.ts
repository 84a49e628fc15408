import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Transport } from '@vmstation/core';
import { nodeProcessRunner, openSshTransport } from '@vmstation/remote';
import { afterAll, beforeAll } from 'vitest';
import { type HostsLab, startHostsLab } from '../../packages/lab/src/hosts/hosts-lab.ts';
import { defaultDirectory, defaultLayerPackages } from '../../packages/lab/src/hosts/settings.ts';
import { debianCommands, rhelCommands } from '../contract/commands/command-contracts.ts';
import { type CommandNode, embeddedNode, remoteNode } from '../contract/commands/command-node.ts';
import { generatedCommands, type TwoNodes } from '../contract/commands/generated-contract.ts';
import { holdToContract } from '../contract/contract-case.ts';

// Every command that scripts use, on a real Debian machine beside simulated ones. dnf, rpm and firewalld run on Debian too.

const machine = 'contract';
let lab: HostsLab;
let transport: Transport;
let controlDir: string;
let real: CommandNode;
let debian: CommandNode;
let rhel: CommandNode;

beforeAll(async () => {
  const settings = {
    directory: process.env['VMSTATION_HOSTS_DIRECTORY'] ?? defaultDirectory,
    machines: [{ name: machine, octet: 71 }],
    packages: [
      ...defaultLayerPackages,
      ...[
        'chrony',
        'createrepo-c',
        'dnf',
        'firewalld',
        'krb5-admin-server',
        'krb5-kdc',
        'krb5-user',
        'nfs-common',
        'nftables',
        'rpm',
        'rsyslog',
      ],
    ],
    suite: 'bookworm',
  };
  [lab, debian, rhel] = await Promise.all([
    startHostsLab(settings, nodeProcessRunner(), (line) => console.log(line)),
    embeddedNode('debian-12'),
    embeddedNode('rhel-10'),
  ]);
  controlDir = await mkdtemp(join(tmpdir(), 'vmstation-cc-'));
  transport = openSshTransport({
    nodes: {},
    knownHostsFile: lab.knownHostsFile,
    configFile: lab.sshConfigFile,
    controlDir,
  });
  real = remoteNode(transport, machine);
  const prepared = await real.run(rpmSide, 'root');
  if (prepared.exitCode !== 0) throw new Error(`the rpm side could not be made: ${prepared.stderr}`);
});
afterAll(async () => {
  await transport?.close();
  if (controlDir !== undefined) await rm(controlDir, { recursive: true, force: true });
  await lab?.down();
});

/** A repository of small packages with the names that the cases use. Debian's rpm looks into a database of each user's own otherwise. */
const rpmSide = `set -e
mkdir -p /etc/rpm /srv/contract-repo /etc/yum.repos.d
printf '%s\\n' '%_dbpath /var/lib/rpm' >/etc/rpm/macros
spec() {
  printf 'Name: %s\\nVersion: %s\\nRelease: 1\\nSummary: contract\\nLicense: MIT\\nBuildArch: noarch\\n%s\\n%%description\\nx\\n%%files\\n' "$1" "$2" "$3" >"$1.spec"
  rpmbuild --quiet -bb --define "_rpmdir /srv/contract-repo" --define "_topdir $PWD" "$1.spec"
}
spec redhat-release 10.0 'Provides: /bin/sh, /bin/bash, system-release = 10.0, system-release(releasever) = 10'
spec lsof 4.98.0 ''
spec rpcbind 1.2.7 ''
spec nfs-utils 2.8.2 'Requires: rpcbind'
createrepo_c -q /srv/contract-repo
printf '[contract]\\nname=contract\\nbaseurl=file:///srv/contract-repo\\ngpgcheck=0\\n' >/etc/yum.repos.d/contract.repo
rpm -i --nodeps /srv/contract-repo/noarch/redhat-release-*.rpm
apt-get -q update >/dev/null`;

holdToContract(debianCommands, 'hosts', () => real);
holdToContract(debianCommands, 'embedded', () => debian);
holdToContract(rhelCommands, 'hosts', () => real);
holdToContract(rhelCommands, 'embedded', () => rhel);
const both = (): TwoNodes => ({ one: real, other: debian });
holdToContract(generatedCommands, 'hosts', both);
holdToContract(generatedCommands, 'embedded', both);
