import type { ClusterNode, Resource } from '@vmstation/core';
import { type ConfigRoleContext, familyOf, writtenBy } from '../config-role.ts';

const plainFile = { kind: 'file', owner: 'root', group: 'root', mode: '0644' } as const;

/**
 * Limits of services and of logins. Logins only get less than they have, or a soft limit within the hard one: pam_limits ends a session
 * whose limits it may not raise, and that would be the operator's.
 */
export function limits(node: ClusterNode, { cluster }: ConfigRoleContext): readonly Resource[] {
  const { openFiles, idleLogoutSeconds } = cluster.system;
  return [
    {
      ...plainFile,
      path: '/etc/systemd/system.conf.d/10-vmstation.conf',
      content: `${writtenBy('system')}[Manager]
# The soft limit stays: programs that use select(2) break above it, and the others raise it themselves.
DefaultLimitNOFILE=1024:${openFiles}
DefaultLimitCORE=0:infinity
`,
    },
    {
      ...plainFile,
      path: '/etc/security/limits.d/90-vmstation.conf',
      content: `${writtenBy('system')}# Memory of programs may hold secrets: it is not written to disk when they crash.
*    hard core 0
*    soft core 0
root hard core 0
root soft core 0
`,
    },
    {
      ...plainFile,
      path: '/etc/systemd/coredump.conf.d/10-vmstation.conf',
      content: `${writtenBy('system')}[Coredump]\nStorage=none\nProcessSizeMax=0\n`,
    },
    { ...plainFile, path: '/etc/profile.d/vmstation.sh', content: profile(idleLogoutSeconds) },
    // RHEL has it from the beginning; on Debian the package puts itself into PAM, for changes of passwords only.
    ...(familyOf(node) === 'debian' ? [{ kind: 'package', name: 'libpam-pwquality' } as const] : []),
    {
      ...plainFile,
      path: '/etc/security/pwquality.conf.d/10-vmstation.conf',
      content: `${writtenBy('system')}minlen = 12\n`,
    },
  ];
}

function profile(idleLogoutSeconds: number | undefined): string {
  const noCore = `${writtenBy('system')}ulimit -c 0 2>/dev/null || :\n`;
  if (idleLogoutSeconds === undefined) return noCore;
  return `${noCore}# A shell that nobody uses ends; those of tmux and screen are meant to be left.
if [ -z "$TMUX$STY" ]; then
  TMOUT=${idleLogoutSeconds}
  readonly TMOUT
  export TMOUT
fi
`;
}
