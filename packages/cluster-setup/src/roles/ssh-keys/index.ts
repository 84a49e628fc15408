import type { SetupRole } from '../setup-role.ts';

/** The workspace's public key for the login user; keys that are there stay. */
export const sshKeysRole: SetupRole = {
  name: 'ssh-keys',
  title: 'SSH keys',
  why: "the workspace's own key logs in, so that Ansible and the station need no password",
  phase: 'setup',
  declare(node, { publicKey }) {
    // A node that this program runs on is not logged in to.
    if (publicKey === undefined || node.ssh.local) return [];
    return [{ kind: 'authorized-key', user: node.ssh.user, key: publicKey.trim() }];
  },
};
