import { afterAll, beforeAll } from 'vitest';
import { holdToContract } from '../contract/contract-case.ts';
import { kindContract } from '../contract/kinds/kind-contracts.ts';
import type { KindSubject } from '../contract/kinds/kind-subject.ts';
import { leftAloneContract } from '../contract/kinds/left-alone.ts';
import { openHostsSubject } from '../contract/ports/hosts-subject.ts';
import { asRoot, type PortSubject } from '../contract/ports/port-subject.ts';
import { ownMachines } from './own-machines.ts';

// Every kind of resource over OpenSSH on a real machine.

// What signs bookworm-backports; one file for each key stands on every Debian.
const keyFile = '/etc/apt/trusted.gpg.d/debian-archive-bookworm-automatic.asc';

const machines = await ownMachines();
const twoVersions = { name: 'two-versions', older: '1.0', newer: '2.0' };
/** A source of its own, on the machine: what Debian has of one package in two versions changes with the day. */
const ownSource = `mkdir -p /srv/two-versions/b/DEBIAN; cd /srv/two-versions
for v in 1.0 2.0; do
  printf 'Package: two-versions\nVersion: %s\nArchitecture: all\nMaintainer: x <x@example.org>\nDescription: x\n' "$v" >b/DEBIAN/control
  dpkg-deb -b b "$v.deb" >/dev/null
  dpkg-deb -f "$v.deb" >>Packages
  s=$(sha256sum "$v.deb"); printf 'Filename: ./%s.deb\nSize: %s\nSHA256: %s\n\n' "$v" "$(stat -c %s "$v.deb")" "\${s%% *}" >>Packages
done
echo 'deb [trusted=yes] file:/srv/two-versions ./' >/etc/apt/sources.list.d/two-versions.list
apt-get update -qq`;

let archiveKey: string;
let opened: { subject: PortSubject; stop(): Promise<void> };
beforeAll(async () => {
  opened = await openHostsSubject(machines);
  await asRoot(opened.subject, ownSource);
  archiveKey = await asRoot(opened.subject, `cat ${keyFile}`);
});
afterAll(() => opened?.stop());

const subject = (): KindSubject => ({ ...opened.subject, family: 'debian', twoVersions, archiveKey });
holdToContract(kindContract, 'hosts', subject);
holdToContract(leftAloneContract, 'hosts', subject);
