import type { ConfigRole } from './config-role.ts';
import { kerberosRole } from './kerberos/index.ts';
import { networkingRole } from './networking/index.ts';
import { ntpRole } from './ntp/index.ts';
import { sshRole } from './ssh/index.ts';
import { storageRole } from './storage/index.ts';
import { syslogRole } from './syslog/index.ts';
import { systemRole } from './system/index.ts';

/** The roles of config, in the order in which their steps appear. */
export const configRoles: readonly ConfigRole[] = [
  systemRole,
  ntpRole,
  syslogRole,
  storageRole,
  sshRole,
  kerberosRole,
  networkingRole,
];
