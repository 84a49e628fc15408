import type { KindCase } from '../kind-case.ts';

const unit = 'kinds.service';
const path = `/etc/systemd/system/${unit}`;
const content =
  '[Unit]\nDescription=kinds\n[Service]\nExecStart=/bin/sleep 100000\n[Install]\nWantedBy=multi-user.target\n';
const written = `printf '%s' '${content}' >${path}; systemctl daemon-reload`;
const gone = `systemctl unmask -q ${unit} 2>/dev/null || :; systemctl stop ${unit} 2>/dev/null || :; systemctl disable -q ${unit} 2>/dev/null || :; rm -rf ${path} ${path}.d; systemctl daemon-reload; systemctl reset-failed ${unit} 2>/dev/null || :`;
const state = `systemctl show -p LoadState,ActiveState,UnitFileState ${unit} | sort; ls -l ${path} 2>/dev/null | cut -c1-10 || :`;

/** Units and what they are asked to be. */
export const unitCases: readonly KindCase[] = [
  {
    kind: 'unit',
    title: 'a new unit file, and that systemd has read it',
    wants: () => [{ kind: 'unit', name: unit, content }],
    shows: `ls ${path} 2>/dev/null || echo absent`,
    tampered: [
      { attribute: 'content', script: `echo '# more' >>${path}; systemctl daemon-reload` },
      { attribute: 'mode', script: `chmod 0600 ${path}; systemctl daemon-reload` },
      { attribute: 'owner', script: `chown daemon ${path}; systemctl daemon-reload` },
      { attribute: 'group', script: `chgrp daemon ${path}; systemctl daemon-reload` },
      { attribute: 'type', script: `rm ${path}; systemctl daemon-reload` },
    ],
    after: gone,
  },
  {
    kind: 'unit',
    title: 'a drop-in of a unit that runs: what systemd has not read yet is told apart from what is written',
    before: `${written}; systemctl start ${unit}`,
    wants: () => [{ kind: 'unit', name: `${unit}.d/10-kinds.conf`, content: '[Service]\nNice=5\n' }],
    shows: `ls -d ${path}.d 2>/dev/null || echo absent; systemctl show -p Nice ${unit}`,
    units: [unit],
    tampered: [
      { attribute: 'content', script: `echo 'Nice=6' >>${path}.d/10-kinds.conf; systemctl daemon-reload` },
      { attribute: 'loaded', script: `touch -d '2 hours' ${path}.d/10-kinds.conf` },
      { attribute: 'type', script: `rm ${path}.d/10-kinds.conf; systemctl daemon-reload` },
    ],
    after: gone,
  },
  {
    kind: 'service',
    title: 'enabled and running',
    before: written,
    wants: () => [{ kind: 'service', unit, enabled: true, active: true }],
    shows: state,
    units: [unit],
    innocent: [`systemctl restart ${unit}`],
    tampered: [
      { attribute: 'active', script: `systemctl stop ${unit}` },
      {
        attribute: 'active',
        script: `systemctl kill -s KILL ${unit}; while systemctl is-active -q ${unit}; do sleep 0.1; done`,
      },
      { attribute: 'enabled', script: `systemctl disable -q ${unit}` },
    ],
    after: gone,
  },
  {
    kind: 'service',
    title: 'stopped and not enabled, which it was',
    before: `${written}; systemctl enable -q ${unit}; systemctl start ${unit}`,
    wants: () => [{ kind: 'service', unit, enabled: false, active: false }],
    shows: state,
    tampered: [
      { attribute: 'active', script: `systemctl start ${unit}` },
      { attribute: 'enabled', script: `systemctl enable -q ${unit}` },
    ],
    after: gone,
  },
  {
    kind: 'service',
    title: 'masked',
    before: 'systemctl unmask -q systemd-rfkill.socket 2>/dev/null || :',
    wants: () => [{ kind: 'service', unit: 'kinds-absent.service', masked: true }],
    shows:
      'systemctl show -p UnitFileState,LoadState kinds-absent.service | sort; ls /etc/systemd/system/kinds-absent.service 2>/dev/null || echo none',
    tampered: [{ attribute: 'masked', script: 'systemctl unmask -q kinds-absent.service' }],
    after: 'systemctl unmask -q kinds-absent.service 2>/dev/null || :',
  },
];
