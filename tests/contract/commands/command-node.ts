import type { Transport } from '@vmstation/core';
import { runAtConsole } from '../../../packages/lab/src/machine/console.ts';
import { Machine } from '../../../packages/lab/src/machine/machine.ts';
import type { Face } from '../../../packages/lab/src/machine/machine-spec.ts';

/** Who runs a script: root (on real machines by `sudo -n`), or the operator. */
export type CommandUser = 'root' | 'ops';

/** What a script left; one character of the texts is one byte. */
export interface CommandRun {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A machine on which the suite runs shell scripts as the product does: sent to `sh -s`, with an empty folder to work in. */
export interface CommandNode {
  run(script: string, user: CommandUser): Promise<CommandRun>;
}

const scriptTimeoutMs = 120_000;
let folders = 0;

/** The script in a folder of its own, with the product's locale and search path; the folder goes afterwards. */
function inOwnFolder(script: string): string {
  folders += 1;
  const folder = `/tmp/contract-${process.pid}-${folders}`;
  return `LC_ALL=C; PATH=/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin; export LC_ALL PATH
umask 022
mkdir ${folder} && cd ${folder} || exit 99
main() {
${script}
}
main </dev/null
r=$?
cd /; rm -rf ${folder}
exit "$r"
`;
}

const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');

/** A simulated machine, reached at its console. */
export async function embeddedNode(face: Face): Promise<CommandNode> {
  const machine = new Machine({
    name: 'masternode',
    face,
    nics: [{ name: 'enp1s0', mac: '02:00:00:00:00:63', ip: '192.168.4.63' }],
    operator: { name: 'ops', authorizedKeys: [], sudo: 'nopasswd' },
  });
  await machine.begin(false);
  const install =
    face === 'debian-12'
      ? ['apt-get', '-y', '-q', 'install', '--no-install-recommends', 'chrony', 'nfs-common', 'nftables', 'rsyslog']
      : ['dnf', '-y', '-q', 'install', 'chrony', 'nftables', 'rsyslog'];
  await runAtConsole(machine, { argv: install });
  return {
    async run(script, user) {
      const command = { argv: ['sh', '-s'], stdin: inOwnFolder(script), user };
      const { exitCode, stdout, stderr } = await runAtConsole(machine, command);
      return { exitCode, stdout: latin1(stdout), stderr: latin1(stderr) };
    },
  };
}

/** A real machine over SSH as its operator, who becomes root by sudo. */
export function remoteNode(transport: Transport, node: string): CommandNode {
  return {
    async run(script, user) {
      const result = await transport.run(node, {
        argv: ['sh', '-s'],
        stdin: inOwnFolder(script),
        elevate: user === 'root',
        timeoutMs: scriptTimeoutMs,
      });
      return { exitCode: result.exitCode, stdout: latin1(result.stdout), stderr: result.stderr };
    },
  };
}
