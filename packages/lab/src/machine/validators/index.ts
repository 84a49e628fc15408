import type { Program } from '../../shell/process.ts';
import { chronyd } from './chronyd.ts';
import { nft } from './nft.ts';
import { rsyslogd } from './rsyslogd.ts';
import { sshd } from './sshd.ts';
import { visudo } from './visudo.ts';

/** Programs that judge configuration files as the real ones do, by the name in their executable. */
export const validatorPrograms: Readonly<Record<string, Program>> = { chronyd, nft, rsyslogd, sshd, visudo };
