import type { SideName } from '../contract-case.ts';
import type { CommandUser } from './command-node.ts';

/** One script with several inputs of a command, and what a machine answers. One character of `stdout` is one byte. */
export interface CommandCase {
  readonly title: string;
  readonly user: CommandUser;
  readonly script: string;
  readonly exitCode: number;
  readonly stdout: string;
  readonly cannot: Partial<Readonly<Record<SideName, string>>>;
}

const attribute = /^# (?:(as ops)|cannot (embedded|hosts|guests): (.+))$/;

/**
 * Reads a file of cases. A case is `### TITLE`, lines such as `# as ops` and `# cannot hosts: REASON`, the script, `==> EXIT STATUS` and what is
 * printed; other bytes than printable ASCII are `\xNN` there. Throws for anything else.
 */
export function readCommandCases(text: string): readonly CommandCase[] {
  const [preamble, ...parts] = text.split(/^### /m);
  if (preamble !== '') throw new Error('cases begin with ###');
  return parts.map(readCase);
}

function readCase(part: string): CommandCase {
  const lines = part.replace(/\n+$/, '\n').split('\n').slice(0, -1);
  const title = lines.shift() ?? '';
  let user: CommandUser = 'root';
  const cannot: Partial<Record<SideName, string>> = {};
  for (let match = attribute.exec(lines[0] ?? ''); match !== null; match = attribute.exec(lines[0] ?? '')) {
    lines.shift();
    const [, asOps, side, reason] = match;
    if (asOps !== undefined) user = 'ops';
    else cannot[side as SideName] = reason;
  }
  const at = lines.findIndex((line) => line.startsWith('==> '));
  const [, status, cut] = /^==> (\d+)(, no newline at its end)?$/.exec(lines[at] ?? '') ?? [];
  if (status === undefined) throw new Error(`${title}: no line ==> STATUS`);
  const printed = lines
    .slice(at + 1)
    .map((line) => `${line}\n`)
    .join('')
    .replaceAll(/\\x([0-9a-f]{2})/g, (_, byte: string) => String.fromCharCode(Number.parseInt(byte, 16)));
  return {
    title,
    user,
    script: lines.slice(0, at).join('\n'),
    exitCode: Number(status),
    stdout: cut === undefined ? printed : printed.slice(0, -1),
    cannot,
  };
}
