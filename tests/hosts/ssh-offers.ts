/** An OpenSSH server that is not on these machines, with the key exchanges that it offers by itself (myproposal.h of that release). */
export interface Release {
  readonly system: string;
  readonly version: string;
  readonly kex: readonly string[];
}

const nist = ['ecdh-sha2-nistp256', 'ecdh-sha2-nistp384', 'ecdh-sha2-nistp521'];
const finiteField = [
  'diffie-hellman-group-exchange-sha256',
  'diffie-hellman-group16-sha512',
  'diffie-hellman-group18-sha512',
  'diffie-hellman-group14-sha256',
];
const curve = ['curve25519-sha256', 'curve25519-sha256@libssh.org'];
const sntrup = ['sntrup761x25519-sha512', 'sntrup761x25519-sha512@openssh.com'];
const mlkem = 'mlkem768x25519-sha256';

/** The servers of the other systems that the product knows. */
export const releases: readonly Release[] = [
  { system: 'RHEL 9', version: '8.7p1', kex: [...curve, ...nist, ...finiteField] },
  { system: 'RHEL 10', version: '9.9p1', kex: [...sntrup, mlkem, ...curve, ...nist, ...finiteField] },
  { system: 'Debian 13', version: '10.0p1', kex: [mlkem, ...sntrup, ...curve, ...nist] },
];

/** Algorithms that a client is offered, by kind. */
export interface Offer {
  readonly kex: readonly string[];
  readonly key: readonly string[];
  readonly enc: readonly string[];
  readonly mac: readonly string[];
}

/** What a release offers under a configuration that names ciphers, MACs and host keys, and takes key exchanges away by patterns. */
export function offeredBy({ kex }: Release, configuration: string): Offer {
  const listOf = (keyword: string): readonly string[] => {
    const list = new RegExp(`^${keyword} (.*)$`, 'm').exec(configuration)?.[1];
    if (list === undefined) throw new Error(`${keyword} is not set`);
    return list.split(',');
  };
  const [first = '', ...more] = listOf('KexAlgorithms');
  if (!first.startsWith('-')) throw new Error('key exchanges are not taken away by patterns');
  const taken = [first.slice(1), ...more].map((pattern) => new RegExp(`^${pattern.replaceAll('*', '.*')}$`));
  return {
    // Every release with the mend for CVE-2023-48795 adds the last one; it cannot be switched off.
    kex: [...kex.filter((name) => !taken.some((pattern) => pattern.test(name))), 'kex-strict-s-v00@openssh.com'],
    key: listOf('HostKeyAlgorithms').filter((name) => !name.includes('-cert-')),
    enc: listOf('Ciphers'),
    mac: listOf('MACs'),
  };
}

const program = `
import json, sys
from ssh_audit.ssh2_kexdb import SSH2_KexDB
known = SSH2_KexDB.ALGORITHMS
failures, warnings = [], []
for kind, names in json.loads(sys.argv[1]).items():
    for name in names:
        entry = known[kind].get(name)
        if entry is None:
            warnings.append(name + ": unknown algorithm")
            continue
        failures += [name + ": " + str(why) for why in (entry[1] if len(entry) > 1 else [])]
        warnings += [name + ": " + str(why) for why in (entry[2] if len(entry) > 2 else [])]
print(json.dumps({"failures": failures, "warnings": warnings}))
`;

/** What the rules of the installed ssh-audit say of an offer. */
export async function rateByAuditor(
  run: (file: string, args: readonly string[]) => Promise<{ readonly exitCode: number; readonly text: string }>,
  offer: Offer,
): Promise<{ readonly failures: readonly string[]; readonly warnings: readonly string[] }> {
  const { exitCode, text } = await run('/usr/bin/python3', ['-c', program, JSON.stringify(offer)]);
  if (exitCode !== 0) throw new Error(text);
  return JSON.parse(text) as Awaited<ReturnType<typeof rateByAuditor>>;
}
