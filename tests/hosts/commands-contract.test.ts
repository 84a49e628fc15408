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

/**
 * A repository of small packages with the names that the cases use; the one of versionlock carries the real plugin, as Debian packages it. Debian's
 * rpm looks into a database of each user's own otherwise.
 */
const rpmSide = String.raw`set -e
mkdir -p /etc/rpm /srv/contract-repo /etc/yum.repos.d
printf '%s\n' '%_dbpath /var/lib/rpm' >/etc/rpm/macros
spec() { # NAME VERSION RELEASE TAGS [FILES]
  printf 'Name: %s\nVersion: %s\nRelease: %s\nSummary: contract\nLicense: MIT\nBuildArch: noarch\n%s\n%%description\nx\n' "$1" "$2" "$3" "$4" >"$1.spec"
  if [ "$#" -gt 4 ]; then printf '%%install\ncp -a /srv/contract-files/. %%{buildroot}\n%%files\n%s\n' "$5" >>"$1.spec"; else echo %files >>"$1.spec"; fi
  rpmbuild --quiet -bb --define "_rpmdir /srv/contract-repo" --define "_topdir $PWD" "$1.spec"
}
apt-get -q update >/dev/null
DEBIAN_FRONTEND=noninteractive apt-get -y -q install --no-install-recommends dnf-plugins-core >/dev/null
plugins=/usr/lib/python3/dist-packages/dnf-plugins
mkdir -p "/srv/contract-files$plugins" /srv/contract-files/etc/dnf/plugins
mv "$plugins/versionlock.py" "/srv/contract-files$plugins"
mv /etc/dnf/plugins/versionlock.* /srv/contract-files/etc/dnf/plugins
rm -rf "$plugins" /etc/dnf/plugins
spec redhat-release 10.0 1 'Provides: /bin/sh, /bin/bash, system-release = 10.0, system-release(releasever) = 10'
spec lsof 4.98.0 1 ''
spec rpcbind 1.2.7 1 ''
spec nfs-utils 2.8.2 1 'Requires: rpcbind'
spec wget 1.24.5 5.el10 ''
spec wget 1.24.5 6.el10 ''
spec python3-dnf-plugin-versionlock 4.3.1 1 '' "$plugins/versionlock.py
%config(noreplace) /etc/dnf/plugins/versionlock.*"
createrepo_c -q /srv/contract-repo
printf '[contract]\nname=contract\nbaseurl=file:///srv/contract-repo\ngpgcheck=0\n' >/etc/yum.repos.d/contract.repo
rpm -i --nodeps /srv/contract-repo/noarch/redhat-release-*.rpm`;

holdToContract(debianCommands, 'hosts', () => real);
holdToContract(debianCommands, 'embedded', () => debian);
holdToContract(rhelCommands, 'hosts', () => real);
holdToContract(rhelCommands, 'embedded', () => rhel);
const both = (): TwoNodes => ({ one: real, other: debian });
holdToContract(generatedCommands, 'hosts', both);
holdToContract(generatedCommands, 'embedded', both);
