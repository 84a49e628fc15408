/** Files of the operator's own, the same on every machine, as a site of this size has them: paths as on the machine. */
export const overlayFiles: readonly { readonly path: string; readonly content: string; readonly mode?: number }[] = [
  {
    path: 'etc/krb5.conf',
    content: [
      '[libdefaults]',
      '  default_realm = HOME.ARPA',
      '  rdns = false',
      '  ticket_lifetime = 24h',
      '[realms]',
      '  HOME.ARPA = {',
      '    kdc = kdc.home.arpa',
      '    admin_server = kdc.home.arpa',
      '  }',
      '',
    ].join('\n'),
  },
  { path: 'etc/profile.d/site.sh', content: 'export EDITOR=vi\nexport HISTCONTROL=ignoreboth\n' },
  { path: 'etc/cron.d/site', content: '0 4 * * * root /usr/local/bin/site-backup\n' },
  { path: 'etc/logrotate.d/backup', content: '/var/log/backup.log {\n  monthly\n  rotate 3\n  missingok\n}\n' },
  { path: 'etc/modprobe.d/site.conf', content: 'blacklist pcspkr\n' },
  { path: 'etc/tmpfiles.d/site.conf', content: 'd /run/site 0755 root root -\n' },
  {
    path: 'etc/logrotate.d/site',
    content: '/var/log/site/*.log {\n  weekly\n  rotate 8\n  compress\n  missingok\n  notifempty\n}\n',
  },
  {
    path: 'etc/systemd/system/site-report.service',
    content: '[Unit]\nDescription=Report of the site\n[Service]\nType=oneshot\nExecStart=/usr/local/bin/site-report\n',
  },
  {
    path: 'etc/systemd/system/site-report.timer',
    content: '[Unit]\nDescription=Report of the site\n[Timer]\nOnCalendar=daily\n[Install]\nWantedBy=timers.target\n',
  },
  {
    path: 'usr/local/bin/site-report',
    content: '#!/bin/sh\nset -eu\nmkdir -p /var/log/site\ndf -h >/var/log/site/report.log\n',
    mode: 0o755,
  },
  { path: 'usr/local/bin/site-backup', content: '#!/bin/sh\nset -eu\necho "nothing to back up"\n', mode: 0o755 },
  { path: 'etc/default/site', content: 'SITE=bench\nREPORT_TO=root\n' },
  { path: 'etc/apt/apt.conf.d/90-site', content: 'APT::Install-Recommends "false";\nAcquire::Retries "3";\n' },
  { path: 'etc/skel/.bash_aliases', content: "alias ll='ls -l'\n" },
  { path: 'etc/rsyslog.d/60-site.conf', content: 'local3.* /var/log/site.log\n' },
];
