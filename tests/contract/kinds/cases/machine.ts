import type { KindCase } from '../kind-case.ts';

const ports = '/proc/sys/net/ipv4/ip_local_port_range';
const sysctlFile = '/etc/sysctl.d/99-zz-vmstation.conf';
const later = '/etc/sysctl.d/99-zzz-kinds.conf';
const card = 'kinds0';
const waking = 'enp1s0';
const linkUnit = `/etc/systemd/system/vmstation-link-${card}.service`;
const selinux = '/etc/selinux/config';
const modules = '/etc/modules-load.d/vmstation.conf';

/** The kernel and what a machine is called. */
export const machineCases: readonly KindCase[] = [
  {
    kind: 'sysctl',
    title: 'in force and for the next boot',
    wants: () => [{ kind: 'sysctl', key: 'net.ipv4.ip_local_port_range', value: '10240 60999' }],
    shows: `cat ${ports}; ls ${sysctlFile} 2>/dev/null || echo no file`,
    innocent: [
      `echo 'net.ipv4.ip_local_port_range = 1024 2048' >/etc/sysctl.d/10-kinds.conf`,
      `rm /etc/sysctl.d/10-kinds.conf`,
      `sed -i 's/10240 60999/10240\\t60999/' ${sysctlFile}`,
      `echo '# a comment' >>${sysctlFile}; sed -i '/# a comment/d' ${sysctlFile}; sed -i 's/10240.60999/10240 60999/' ${sysctlFile}`,
    ],
    tampered: [
      { attribute: 'running', script: `echo 10241 60999 >${ports}` },
      { attribute: 'at boot', script: `sed -i s/10240/10241/ ${sysctlFile}` },
      { attribute: 'at boot', script: `rm ${sysctlFile}` },
      {
        attribute: 'at boot',
        script: `echo 'net/ipv4/ip_local_port_range = 1024 2048' >${later}`,
        refused: { reason: /99-zzz-kinds\.conf sets it to 1024 2048/, mend: `rm ${later}` },
      },
    ],
    after: `echo 32768 60999 >${ports}; rm -f ${sysctlFile} ${later} /etc/sysctl.d/10-kinds.conf`,
  },
  {
    kind: 'kernel-module',
    title: 'loaded now and at boot',
    cannot: { hosts: 'a container shares its kernel and may load no module' },
    before: 'modprobe -r dummy 2>/dev/null || :',
    wants: () => [{ kind: 'kernel-module', name: 'dummy' }],
    shows: `ls -d /sys/module/dummy 2>/dev/null || echo not loaded; ls ${modules} 2>/dev/null || echo no file`,
    innocent: [`touch ${modules}`],
    tampered: [
      { attribute: 'running', script: 'modprobe -r dummy' },
      { attribute: 'at boot', script: `sed -i s/dummy/dumm/ ${modules}` },
      { attribute: 'at boot', script: `rm ${modules}` },
    ],
    after: `modprobe -r dummy 2>/dev/null || :; rm -f ${modules}`,
  },
  {
    kind: 'hostname',
    title: 'in force and for the next boot',
    cannot: { hosts: '/proc/sys/kernel is read-only in a systemd-nspawn machine' },
    before: 'hostname >/root/name.kinds; cp -p /etc/hostname /root/hostname.kinds',
    wants: () => [{ kind: 'hostname', name: 'kinds-name' }],
    shows: `hostname; stat -c '%a' /etc/hostname; cat /etc/hostname`,
    innocent: ['touch /etc/hostname'],
    tampered: [
      { attribute: 'running', script: 'hostname other' },
      { attribute: 'at boot', script: 'echo other >/etc/hostname' },
    ],
    after:
      'hostname "$(cat /root/name.kinds)"; cat /root/hostname.kinds >/etc/hostname; rm -f /root/name.kinds /root/hostname.kinds',
  },
  {
    kind: 'link',
    title: 'the size of packets, in force and at boot',
    wants: () => [{ kind: 'link', name: card, mtu: 1400 }],
    shows: `cat /sys/class/net/${card}/mtu; ls ${linkUnit} 2>/dev/null || echo no unit`,
    before: `ip link add ${card} type veth peer name ${card}p`,
    innocent: [`touch ${linkUnit}; systemctl daemon-reload`],
    tampered: [
      { attribute: 'mtu', script: `ip link set dev ${card} mtu 1300` },
      { attribute: 'mtu at boot', script: `sed -i s/1400/1300/ ${linkUnit}` },
      { attribute: 'unit', script: `echo '# more' >>${linkUnit}` },
      { attribute: 'enabled', script: `rm /etc/systemd/system/multi-user.target.wants/vmstation-link-${card}.service` },
    ],
    after: `ip link del ${card}`,
  },
  {
    kind: 'link',
    title: 'a magic packet wakes the machine, in force and at boot',
    cannot: { hosts: 'the cards of a container are one end of a pair, which wakes nobody' },
    before: `if [ -e /usr/bin/dpkg ]; then apt-get install -y -q --no-install-recommends ethtool >/dev/null; else dnf -y -q install ethtool >/dev/null; fi; ethtool -s ${waking} wol d`,
    wants: () => [{ kind: 'link', name: waking, wakeOnLan: 'magic' }],
    shows: `ethtool ${waking} | grep '[[:space:]]Wake-on'; ls /etc/systemd/system/vmstation-link-${waking}.service 2>/dev/null || echo no unit`,
    tampered: [
      { attribute: 'wake-on-lan', script: `ethtool -s ${waking} wol d` },
      {
        attribute: 'wake-on-lan at boot',
        script: `sed -i 's/wol g/wol d/' /etc/systemd/system/vmstation-link-${waking}.service`,
      },
    ],
  },
  {
    kind: 'selinux',
    title: 'in force and for the next boot',
    family: 'rhel',
    before: `setenforce 0; sed -i 's/^SELINUX=.*/SELINUX=permissive/' ${selinux}`,
    wants: () => [{ kind: 'selinux', mode: 'enforcing' }],
    shows: `cat /sys/fs/selinux/enforce ${selinux}; stat -c '%a %u %g' ${selinux}`,
    innocent: [`touch ${selinux}`, `echo '# SELINUX=permissive' >>${selinux}; sed -i '/^# SELINUX=perm/d' ${selinux}`],
    tampered: [
      { attribute: 'running', script: 'setenforce 0' },
      { attribute: 'at boot', script: `sed -i 's/^SELINUX=.*/SELINUX=disabled/' ${selinux}` },
      { attribute: 'at boot', script: `sed -i '/^SELINUX=/d' ${selinux}` },
    ],
    after: 'setenforce 1',
  },
  {
    kind: 'timezone',
    title: 'the link that programs follow',
    before: 'rm -f /etc/timezone; ln -sfn /usr/share/zoneinfo/Etc/UTC /etc/localtime',
    wants: () => [{ kind: 'timezone', zone: 'Asia/Tokyo' }],
    shows: 'readlink /etc/localtime; date +%z',
    tampered: [
      { attribute: 'zone', script: 'ln -sfn /usr/share/zoneinfo/Europe/Berlin /etc/localtime' },
      { attribute: 'zone', script: 'rm /etc/localtime' },
    ],
    after: 'ln -sfn /usr/share/zoneinfo/Etc/UTC /etc/localtime',
  },
  {
    kind: 'timezone',
    title: 'with the second name that Debian keeps',
    family: 'debian',
    before: 'echo Etc/UTC >/etc/timezone; ln -sfn /usr/share/zoneinfo/Etc/UTC /etc/localtime',
    wants: () => [{ kind: 'timezone', zone: 'Europe/Berlin' }],
    shows: 'readlink /etc/localtime; cat /etc/timezone',
    innocent: ['touch /etc/timezone'],
    tampered: [
      { attribute: 'zone', script: 'ln -sfn /usr/share/zoneinfo/Asia/Tokyo /etc/localtime' },
      { attribute: 'name', script: 'echo Asia/Tokyo >/etc/timezone' },
    ],
    after: 'ln -sfn /usr/share/zoneinfo/Etc/UTC /etc/localtime; echo Etc/UTC >/etc/timezone',
  },
];
