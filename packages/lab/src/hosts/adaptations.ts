import { ownSysctls } from './settings.ts';

/** A file that a real machine of the lab has and a freshly installed one has not. */
export interface Adaptation {
  readonly path: string;
  readonly content?: string;
  readonly mode?: number;
  /** A symbolic link instead of a file. */
  readonly linkTo?: string;
}

const units = '/etc/systemd/system';
const programs = '/usr/local/lib/vmstation-lab';

const bootUnit = `[Unit]
Description=lab: what machines that share a kernel do not have
DefaultDependencies=no
After=local-fs-pre.target
Before=systemd-sysctl.service sysinit.target
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=${programs}/boot
`;

/** logind refuses \`systemctl suspend\` unless the kernel offers "mem" in /sys/power/state. */
const bootScript = `#!/bin/sh
for key in ${ownSysctls.join(' ')}; do
  [ -f "/proc/sys/$key" ] || continue
  mkdir -p "/run/lab-sysctl/$(dirname "$key")"
  cat "/proc/sys/$key" >"/run/lab-sysctl/$key" && mount --bind "/run/lab-sysctl/$key" "/proc/sys/$key"
done
[ -d /sys/power ] || { mount -o remount,rw /sys; mkdir /sys/power; mount -o remount,ro /sys; }
mount -t tmpfs -o mode=755,size=64k power /sys/power && {
  echo 'freeze mem' >/sys/power/state
  echo 's2idle [deep]' >/sys/power/mem_sleep
}
exit 0
`;

const suspendUnit = `[Unit]
ConditionPathExists=
[Service]
ExecStart=
ExecStart=${programs}/suspend
`;

/** What systemd-sleep(8) does, but that the lab stops the machine where the kernel would. */
const suspendScript = `#!/bin/sh
export SYSTEMD_SLEEP_ACTION=suspend
hooks() {
  for hook in /usr/lib/systemd/system-sleep/*; do
    [ -x "$hook" ] && "$hook" "$1" suspend &
  done
  wait
}
hooks pre
echo 'Performing sleep operation suspend (lab)'
: >/run/vmstation-lab/suspend
while [ -e /run/vmstation-lab/suspend ]; do sleep 0.1; done
echo 'System returned from sleep state (lab)'
hooks post
exit 0
`;

/** What a container lacks for a real machine's behaviour. */
export const adaptations: readonly Adaptation[] = [
  { path: `${units}/vmstation-lab.service`, content: bootUnit },
  { path: `${units}/sysinit.target.wants/vmstation-lab.service`, linkTo: '../vmstation-lab.service' },
  { path: `${programs}/boot`, content: bootScript, mode: 0o755 },
  // chronyd has no right to set the clock in a container: the condition goes, and it runs without touching the clock.
  { path: `${units}/chrony.service.d/lab.conf`, content: '[Unit]\nConditionCapability=\n' },
  { path: '/etc/default/chrony', content: 'DAEMON_OPTS="-F 1 -x"\n' },
  { path: `${units}/systemd-suspend.service.d/lab.conf`, content: suspendUnit },
  { path: `${programs}/suspend`, content: suspendScript, mode: 0o755 },
];
