import type { Transport } from '@vmstation/core';
import { runAtConsole } from '../../../packages/lab/src/machine/console.ts';
import { Machine } from '../../../packages/lab/src/machine/machine.ts';
import type { Face } from '../../../packages/lab/src/machine/machine-spec.ts';
import type { KindSubject } from './kind-subject.ts';

/** A simulated machine, reached at its console. */
export async function embeddedKindSubject(face: Face): Promise<KindSubject> {
  const node = 'masternode';
  const machine = new Machine({
    name: node,
    face,
    nics: [{ name: 'enp1s0', mac: '02:00:00:00:00:63', ip: '192.168.4.63' }],
    operator: { name: 'ops', authorizedKeys: [] },
  });
  await machine.begin(false);
  const transport: Transport = {
    counters: { roundTrips: 0, connections: 0 },
    async run(_node, { argv, stdin = '' }) {
      const { exitCode, stdout, stderr } = await runAtConsole(machine, { argv, stdin });
      return { exitCode, stdout, stderr: Buffer.from(stderr).toString(), durationMs: 0 };
    },
    close: async () => undefined,
  };
  const subject: KindSubject = {
    node,
    transport,
    family: face === 'debian-12' ? 'debian' : 'rhel',
    freePackage: 'wget',
    twoVersions:
      face === 'debian-12'
        ? { name: 'wget', older: '1.21.3-1', newer: '1.21.3-1+deb12u1' }
        : { name: 'wget', older: '1.24.5-5.el10', newer: '1.24.5-6.el10' },
    archiveKey: '-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmDMEexample\n-----END PGP PUBLIC KEY BLOCK-----\n',
  };
  return subject;
}
