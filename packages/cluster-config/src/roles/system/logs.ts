import type { FileResource, Resource } from '@vmstation/core';
import { type ConfigRoleContext, writtenBy } from '../config-role.ts';

/** The journal on disk, bounded in size and age; log files rotated daily by the system's timer, and at once when they grow. */
export function logs(context: ConfigRoleContext): readonly Resource[] {
  return [
    journal(context),
    { kind: 'package', name: 'logrotate' },
    rotation,
    { kind: 'service', unit: 'logrotate.timer', enabled: true, active: true, after: ['package:logrotate'] },
  ];
}

function journal({ cluster }: ConfigRoleContext): FileResource {
  const { size, keepDays } = cluster.system.journal;
  return {
    kind: 'file',
    path: '/etc/systemd/journald.conf.d/10-vmstation.conf',
    content: `${writtenBy('system')}[Journal]\nStorage=persistent\nSystemMaxUse=${size}\nMaxRetentionSec=${keepDays}day\n`,
    owner: 'root',
    group: 'root',
    mode: '0644',
    notifies: [{ unit: 'systemd-journald.service', action: 'restart' }],
  };
}

const rotation: FileResource = {
  kind: 'file',
  path: '/etc/logrotate.conf',
  content: `${writtenBy('system')}# What holds for every log file unless its own part below says otherwise.
weekly
rotate 4
maxsize 100M
create
compress
delaycompress
include /etc/logrotate.d
`,
  owner: 'root',
  group: 'root',
  mode: '0644',
  after: ['package:logrotate'],
};
