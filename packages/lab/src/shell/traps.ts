import type { Evaluator } from './evaluate.ts';

/** Signal numbers of Linux by their name without SIG. */
export const SIGNALS: Record<string, number> = {
  HUP: 1,
  INT: 2,
  QUIT: 3,
  ILL: 4,
  ABRT: 6,
  KILL: 9,
  USR1: 10,
  SEGV: 11,
  USR2: 12,
  PIPE: 13,
  ALRM: 14,
  TERM: 15,
  CHLD: 17,
  CONT: 18,
  STOP: 19,
  TSTP: 20,
  TTIN: 21,
  TTOU: 22,
};

/** The name of a signal given as number or name, with or without SIG; EXIT for 0. Undefined: there is none. */
export function signalName(text: string): string | undefined {
  const bare = text.toUpperCase().replace(/^SIG/, '');
  if (bare === '0' || bare === 'EXIT') return 'EXIT';
  if (/^\d+$/.test(bare)) return Object.entries(SIGNALS).find(([, number]) => number === Number(bare))?.[0];
  return bare in SIGNALS ? bare : undefined;
}

/** Runs a trap's action; `$?` afterwards is what it was before. */
export async function runTrap(evaluator: Evaluator, action: string): Promise<number> {
  const { lastStatus } = evaluator.state;
  await evaluator.source(action);
  evaluator.state.lastStatus = lastStatus;
  return lastStatus;
}

/** Runs the actions of signals that arrived since the last command. */
export async function runPendingTraps(evaluator: Evaluator): Promise<void> {
  const { state } = evaluator;
  while (state.pendingSignals.length > 0) {
    const signal = state.pendingSignals.shift();
    const name = Object.entries(SIGNALS).find(([, number]) => number === signal)?.[0] ?? '';
    const action = state.traps.get(name);
    if (action) await runTrap(evaluator, action);
  }
}
