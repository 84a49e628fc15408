import { ShellError, type ShellOptions, type ShellState } from './shell-state.ts';

const LETTERS: Record<string, keyof ShellOptions> = {
  a: 'allexport',
  C: 'noclobber',
  e: 'errexit',
  f: 'noglob',
  n: 'noexec',
  u: 'nounset',
  v: 'verbose',
  x: 'xtrace',
};

/** Accepted without effect in a simulated shell. */
const WITHOUT_EFFECT = new Set([
  'b',
  'm',
  'h',
  'B',
  'H',
  'E',
  'T',
  'p',
  'monitor',
  'notify',
  'vi',
  'emacs',
  'posix',
  'errtrace',
]);

/** Switches an option given by its letter or its `set -o` name. Throws ShellError if there is none of that name. */
export function setOption(state: ShellState, name: string, on: boolean): void {
  const option = LETTERS[name] ?? (name in state.options ? (name as keyof ShellOptions) : undefined);
  if (option === 'pipefail' && state.dialect === 'dash') throw new ShellError('set: Illegal option -o pipefail');
  if (option) state.options[option] = on;
  else if (!WITHOUT_EFFECT.has(name)) throw new ShellError(`set: Illegal option -${name}`);
}

/** Lines of `set -o`. */
export function listOptions(state: ShellState): string {
  return Object.entries(state.options)
    .map(([name, on]) => `${name.padEnd(16)}${on ? 'on' : 'off'}\n`)
    .join('');
}
