import { definePackage, type PackageDefinition } from './package-definition.ts';
import { serviceUnit } from './unit-texts.ts';

const UNITS = '/usr/lib/systemd/system';

/** logrotate, with its timer, as both families ship it. */
export function logrotate(version: string, architecture: string): PackageDefinition {
  return definePackage({
    name: 'logrotate',
    version,
    architecture,
    programs: { '/usr/sbin/logrotate': 'logrotate' },
    files: {
      '/etc/logrotate.conf': 'weekly\nrotate 4\ncreate\ninclude /etc/logrotate.d\n',
      [`${UNITS}/logrotate.service`]: serviceUnit({
        description: 'Rotate log files',
        exec: '/usr/sbin/logrotate /etc/logrotate.conf',
        type: 'oneshot',
        install: false,
      }),
      [`${UNITS}/logrotate.timer`]:
        '[Unit]\nDescription=Daily rotation of log files\n[Timer]\nOnCalendar=daily\nPersistent=true\n[Install]\nWantedBy=timers.target\n',
    },
    folders: { '/etc/logrotate.d': 0o755, '/var/lib/logrotate': 0o755 },
    starts: ['logrotate.timer'],
  });
}

/** Services of systemd itself that run on every machine: file name → unit text. */
export const SYSTEMD_SERVICES: Readonly<Record<string, string>> = {
  'systemd-journald.service': serviceUnit({
    description: 'Journal Service',
    exec: '/usr/lib/systemd/systemd-journald',
    type: 'notify',
    install: false,
  }),
  'systemd-logind.service': serviceUnit({
    description: 'User Login Management',
    exec: '/usr/lib/systemd/systemd-logind',
    type: 'notify',
    install: false,
  }),
  'systemd-udevd.service': serviceUnit({
    description: 'Rule-based Manager for Device Events and Files',
    exec: '/usr/lib/systemd/systemd-udevd',
    type: 'notify',
    install: false,
  }),
  'dbus.service': serviceUnit({
    description: 'D-Bus System Message Bus',
    exec: '/usr/bin/dbus-daemon --system',
    type: 'notify',
    install: false,
  }),
};
