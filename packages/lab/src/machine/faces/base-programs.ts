/** Executables that both faces have after a minimal installation, by folder. */
export const BASE_PROGRAMS: Record<string, string> = {
  '/usr/bin':
    '[ awk base64 basename cat chcon chgrp chmod chown cksum cmp comm cp cut date dd df diff dirname dmesg du echo egrep env expand expr false fgrep find flock fold getent grep groups gunzip gzip head hostname hostnamectl id install ip join journalctl kill ln logger login ls lsblk lscpu mawk md5sum mkdir mkfifo mktemp more mount mountpoint mv nice nl nohup nproc od passwd paste pgrep pidof ping pkill printenv printf ps pwd readlink realpath rm rmdir scp sed seq setsid sha1sum sha256sum sha512sum sleep sort ssh-keygen stat stdbuf stty sudo su sync systemctl systemd-analyze systemd-detect-virt systemd-run systemd-cat systemd-escape systemd-tmpfiles tac tail tar tee test timedatectl timeout touch tr true truncate tty umount uname uniq unlink uptime vi wc whereis which who whoami xargs yes zcat localectl loginctl findmnt fold free lsmod lslogins strings getconf getopt column'
      .split(' ')
      .join(' '),
  '/usr/sbin':
    'blkid chpasswd e2label wipefs groupadd groupdel groupmod ip lsmod mkfs mkfs.ext4 mkswap modinfo modprobe nologin poweroff reboot rmmod shutdown sshd swapoff swapon sysctl useradd userdel usermod visudo blockdev findfs losetup depmod insmod ss',
};

const PROGRAMS: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(BASE_PROGRAMS).flatMap(([folder, names]) =>
    names.split(' ').map((name): [string, string] => [`${folder}/${name}`, name]),
  ),
);

/** `path → program` of the base executables. */
export function basePrograms(): Readonly<Record<string, string>> {
  return PROGRAMS;
}
