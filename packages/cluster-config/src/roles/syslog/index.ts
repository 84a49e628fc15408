import { type ClusterNode, nodeOf, type Resource } from '@vmstation/core';
import { type ConfigRole, familyOf, writtenBy } from '../config-role.ts';

/** Where messages of other nodes are kept on the server. */
export const remoteLogs = '/var/log/remote';
/** TCP port at which anything that speaks syslog is heard: routers, management controllers. */
export const syslogPort = 514;
/** TCP port at which nodes deliver with receipts (RELP); SELinux' policy knows it as one of syslog. */
export const receiptPort = 20_514;

const unit = 'rsyslog.service';
const check = { command: ['rsyslogd', '-N1', '-f', '{}'], unlessMissing: true } as const;

const places = {
  debian: { group: 'adm', spool: '/var/spool/rsyslog' },
  rhel: { group: 'root', spool: '/var/lib/rsyslog' },
} as const;

/** rsyslog: one receiver with a file per host, senders that keep on disk what the receiver cannot take now. */
export const syslogRole: ConfigRole = {
  name: 'syslog',
  title: 'System logs',
  why: 'logs of a machine are readable while it sleeps',
  phase: 'config',
  declare(node, context): readonly Resource[] {
    const { syslog } = context.cluster.services;
    if (syslog === undefined) return [];
    const isServer = node.name === syslog.server;
    return [
      { kind: 'package', name: 'rsyslog' },
      { kind: 'package', name: 'rsyslog-relp' },
      ...(isServer ? receiver(node, syslog.keepDays) : sender(node, nodeOf(context.cluster, syslog.server))),
      ...journalForwarding(node),
      { kind: 'service', unit, enabled: true, active: true, after: ['package:rsyslog', 'package:rsyslog-relp'] },
    ];
  },
};

function receiver(node: ClusterNode, keepDays: number): readonly Resource[] {
  const { group } = places[familyOf(node)];
  return [
    { kind: 'directory', path: remoteLogs, owner: 'root', group, mode: '0750' },
    rsyslogFile('/etc/rsyslog.d/10-vmstation-receiver.conf', receiverConfiguration(group)),
    {
      kind: 'file',
      path: '/etc/logrotate.d/vmstation-remote',
      content: rotation(group, keepDays),
      owner: 'root',
      group: 'root',
      mode: '0644',
    },
  ];
}

function sender(node: ClusterNode, server: ClusterNode): readonly Resource[] {
  const { spool } = places[familyOf(node)];
  return [
    // Made by the package, with owner and mode of its own choice; it must be there before the queue is.
    { kind: 'directory', path: spool, after: ['package:rsyslog'] },
    rsyslogFile('/etc/rsyslog.d/10-vmstation-sender.conf', senderConfiguration(server.address, spool)),
  ];
}

/** Debian's rsyslog reads what the journal hands on; RHEL's reads the journal itself. */
function journalForwarding(node: ClusterNode): readonly Resource[] {
  if (familyOf(node) === 'rhel') return [];
  return [
    {
      kind: 'file',
      path: '/etc/systemd/journald.conf.d/20-vmstation-syslog.conf',
      content: `${writtenBy('syslog')}[Journal]\nForwardToSyslog=yes\n`,
      owner: 'root',
      group: 'root',
      mode: '0644',
      notifies: [{ unit: 'systemd-journald.service', action: 'restart' }],
    },
  ];
}

function rsyslogFile(path: string, content: string): Resource {
  return {
    kind: 'file',
    path,
    content,
    owner: 'root',
    group: 'root',
    mode: '0644',
    validate: check,
    after: ['package:rsyslog', 'package:rsyslog-relp'],
    notifies: [{ unit, action: 'restart' }],
  };
}

/**
 * The receiver's drop-in: one file a host, its own messages included. `securePath` keeps a host that calls itself `../x` inside its folder.
 * Nodes deliver by RELP: by plain TCP, what the kernel still held when this machine lost its power would be gone.
 */
export function receiverConfiguration(group: string): string {
  return `${writtenBy('syslog')}module(load="imtcp")
module(load="imrelp")

template(name="vmstation-file" type="list") {
  constant(value="${remoteLogs}/")
  property(name="hostname" securePath="replace" caseConversion="lower")
  constant(value=".log")
}

ruleset(name="vmstation-remote" queue.type="LinkedList" queue.size="20000") {
  action(type="omfile" dynaFile="vmstation-file" template="RSYSLOG_SyslogProtocol23Format"
    fileOwner="root" fileGroup="${group}" fileCreateMode="0640" dirOwner="root" dirGroup="${group}" dirCreateMode="0750")
}

input(type="imtcp" port="${syslogPort}" ruleset="vmstation-remote" rateLimit.interval="5" rateLimit.burst="20000")
input(type="imrelp" port="${receiptPort}" ruleset="vmstation-remote")
call vmstation-remote
`;
}

/**
 * The sender's drop-in: everything in RFC 5424 with receipts, kept on disk (256 MB at most) until the receiver has taken it. When that is full
 * the newest are dropped: programs that log must never wait for another machine.
 */
export function senderConfiguration(address: string, spool: string): string {
  return `${writtenBy('syslog')}module(load="omrelp")
action(type="omrelp" name="vmstation-forward"
  target="${address}" port="${receiptPort}" timeout="30" template="RSYSLOG_SyslogProtocol23Format"
  action.resumeRetryCount="-1" action.resumeInterval="10" action.resumeIntervalMax="60"
  queue.type="LinkedList" queue.size="10000" queue.filename="vmstation-forward" queue.spoolDirectory="${spool}"
  queue.maxDiskSpace="256m" queue.maxFileSize="8m" queue.checkpointInterval="100" queue.saveOnShutdown="on" queue.timeoutEnqueue="0")
`;
}

function rotation(group: string, keepDays: number): string {
  return `${writtenBy('syslog')}${remoteLogs}/*.log {
  su root ${group}
  daily
  rotate ${keepDays}
  maxage ${keepDays}
  missingok
  notifempty
  compress
  delaycompress
  sharedscripts
  postrotate
    systemctl kill --signal=HUP rsyslog.service
  endscript
}
`;
}
