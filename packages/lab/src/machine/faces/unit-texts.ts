/** Text of a service unit. */
export function serviceUnit(given: {
  description: string;
  exec: string;
  type?: string;
  after?: string;
  aliases?: string[];
  conflicts?: string;
  requires?: string;
  reload?: string;
  pre?: string;
  restart?: string;
  remain?: boolean;
  wantedBy?: string;
  environmentFile?: string;
  install?: boolean;
}): string {
  const lines = [
    '[Unit]',
    `Description=${given.description}`,
    `After=${given.after ?? 'network.target'}`,
    given.conflicts && `Conflicts=${given.conflicts}`,
    given.requires && `Requires=${given.requires}`,
    '',
    '[Service]',
    `Type=${given.type ?? 'simple'}`,
    given.environmentFile && `EnvironmentFile=-${given.environmentFile}`,
    given.pre && `ExecStartPre=${given.pre}`,
    `ExecStart=${given.exec}`,
    given.reload && `ExecReload=${given.reload}`,
    given.remain && 'RemainAfterExit=yes',
    given.restart && `Restart=${given.restart}`,
  ];
  const install = [
    '',
    '[Install]',
    `WantedBy=${given.wantedBy ?? 'multi-user.target'}`,
    ...(given.aliases ?? []).map((name) => `Alias=${name}`),
  ];
  return `${[...lines, ...(given.install === false ? [] : install)].filter((line) => line !== undefined && line !== false).join('\n')}\n`;
}

/** Text of a target unit. */
export function targetUnit(description: string, extra = ''): string {
  return `[Unit]\nDescription=${description}\n${extra}`;
}

/** Targets that every systemd machine has. */
export const TARGETS: Record<string, string> = {
  'basic.target': 'Basic System',
  'cryptsetup.target': 'Local Encrypted Volumes',
  'getty.target': 'Login Prompts',
  'graphical.target': 'Graphical Interface',
  'local-fs.target': 'Local File Systems',
  'multi-user.target': 'Multi-User System',
  'network.target': 'Network',
  'network-online.target': 'Network is Online',
  'nss-lookup.target': 'Host and Network Name Lookups',
  'nss-user-lookup.target': 'User and Group Name Lookups',
  'paths.target': 'Path Units',
  'remote-fs.target': 'Remote File Systems',
  'slices.target': 'Slice Units',
  'sleep.target': 'Sleep',
  'sockets.target': 'Socket Units',
  'suspend.target': 'Suspend',
  'hibernate.target': 'Hibernate',
  'hybrid-sleep.target': 'Hybrid Suspend+Hibernate',
  'swap.target': 'Swaps',
  'sysinit.target': 'System Initialization',
  'time-sync.target': 'System Time Synchronized',
  'timers.target': 'Timer Units',
};
