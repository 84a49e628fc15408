import ssh2 from 'ssh2';

/** An SSH key pair as a machine keeps it: OpenSSH's own format, and the public line without newline. */
export interface HostKeyPair {
  readonly private: string;
  readonly public: string;
}

/** An ed25519 host key that can be read back. One in some three hundred that ssh2 makes cannot (it drops leading zeroes), and would end the server. */
export function ed25519HostKey(): HostKeyPair {
  for (;;) {
    const pair = ssh2.utils.generateKeyPairSync('ed25519');
    if (!(ssh2.utils.parseKey(pair.private) instanceof Error)) return { private: pair.private, public: pair.public };
  }
}
