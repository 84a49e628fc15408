import { evaluateArithmetic } from './arithmetic.ts';
import { removePattern, replacePattern } from './pattern.ts';
import { joined, type Piece, type WordExpander } from './piece.ts';
import { ShellError, type ShellState } from './shell-state.ts';
import type { ParameterOperation, PartOf } from './syntax.ts';

/** Expands `$name`, `${name…}` and the special parameters onto `into`. Throws ShellError for `${x?}` and `set -u`. */
export async function expandParameter(
  expander: WordExpander,
  part: PartOf<'ParameterExpansion'>,
  into: Piece[],
  quoted: boolean,
): Promise<void> {
  const { state } = expander;
  const { parameter, operation } = part;
  if ((parameter === '@' || parameter === '*') && (!operation || isTest(operation))) {
    const replaced = operation ? await testOperation(expander, part, into, quoted) : false;
    if (!replaced) expandList(state, parameter, into, quoted);
    return;
  }
  if (operation && isTest(operation)) {
    if (await testOperation(expander, part, into, quoted)) return;
    into.push({ text: valueOf(state, parameter) ?? '', quoted, literal: false });
    return;
  }
  const value = valueOf(state, parameter);
  if (value === undefined && state.options.nounset && !'@*'.includes(parameter)) {
    throw new ShellError(`${parameter}: parameter not set`);
  }
  const text = operation ? await transformed(expander, parameter, operation, value ?? '') : (value ?? '');
  into.push({ text, quoted, literal: false });
}

function expandList(state: ShellState, parameter: string, into: Piece[], quoted: boolean): void {
  const values = state.positional;
  if (parameter === '*' && quoted) {
    into.push({ text: values.join(state.separators.slice(0, 1)), quoted, literal: false });
    return;
  }
  for (const [index, text] of values.entries()) {
    if (!quoted && text === '') continue;
    into.push({ text, quoted, literal: false, startsField: index > 0 });
  }
}

/** Value of a parameter: positional, special or named. Undefined: unset. */
export function valueOf(state: ShellState, name: string): string | undefined {
  if (/^[0-9]+$/.test(name)) return name === '0' ? state.zero : state.positional[Number(name) - 1];
  switch (name) {
    case '?':
      return String(state.lastStatus);
    case '#':
      return String(state.positional.length);
    case '$':
      return String(state.mainPid);
    case '!':
      return state.lastBackground === undefined ? undefined : String(state.lastBackground);
    case '-':
      return flags(state);
    case '@':
      return state.positional.length > 0 ? state.positional.join(' ') : undefined;
    case '*':
      return state.positional.length > 0 ? state.positional.join(state.separators.slice(0, 1)) : undefined;
    case 'PPID':
      return String(state.process.parentPid);
    case 'LINENO':
      return state.get('LINENO') ?? '1';
    case 'RANDOM':
      return state.dialect === 'bash' ? String(Math.floor(Math.random() * 32_768)) : state.get(name);
    case 'BASH_VERSION':
      return state.dialect === 'bash' ? '5.2.26(1)-release' : state.get(name);
    case 'UID':
    case 'EUID':
      return state.dialect === 'bash' ? String(state.process.credentials.uid) : state.get(name);
    default:
      return state.get(name);
  }
}

function flags(state: ShellState): string {
  const { errexit, noglob, nounset, xtrace, allexport, noclobber } = state.options;
  const on = [errexit && 'e', noglob && 'f', nounset && 'u', xtrace && 'x', allexport && 'a', noclobber && 'C'];
  return on.filter(Boolean).join('') + (state.interactive ? 'i' : '');
}

type TestOperation = Extract<
  ParameterOperation,
  { type: 'DefaultValue' | 'AssignDefault' | 'ErrorIfUnset' | 'UseAlternative' }
>;

function isTest(operation: ParameterOperation): operation is TestOperation {
  return ['DefaultValue', 'AssignDefault', 'ErrorIfUnset', 'UseAlternative'].includes(operation.type);
}

/** `-`, `=`, `?` and `+`. True when it supplied the value. */
async function testOperation(
  expander: WordExpander,
  part: PartOf<'ParameterExpansion'>,
  into: Piece[],
  quoted: boolean,
): Promise<boolean> {
  const { state } = expander;
  const operation = part.operation as TestOperation;
  const value = valueOf(state, part.parameter);
  const isAbsent = value === undefined || (operation.checkEmpty && value === '');
  if (operation.type === 'UseAlternative') {
    if (!isAbsent) into.push(...(await expander.pieces(operation.word, quoted)));
    return true;
  }
  if (!isAbsent) return false;
  if (operation.type === 'ErrorIfUnset') {
    const message = operation.word ? joined(await expander.pieces(operation.word, true)) : '';
    throw new ShellError(
      `${part.parameter}: ${message || (operation.checkEmpty ? 'parameter not set or null' : 'parameter not set')}`,
    );
  }
  const pieces = await expander.pieces(operation.word, quoted);
  if (operation.type === 'AssignDefault') {
    state.set(part.parameter, joined(pieces));
    into.push({ text: joined(pieces), quoted, literal: false });
  } else {
    for (const piece of pieces) into.push(quoted ? piece : { ...piece, literal: false });
    if (pieces.length === 0 && quoted) into.push({ text: '', quoted, literal: false });
  }
  return true;
}

async function transformed(
  expander: WordExpander,
  parameter: string,
  operation: ParameterOperation,
  value: string,
): Promise<string> {
  const { state } = expander;
  switch (operation.type) {
    case 'Length':
      return String(parameter === '@' || parameter === '*' ? state.positional.length : value.length);
    case 'PatternRemoval':
      return removePattern(value, await expander.pattern(operation.pattern), operation.side, operation.greedy);
    case 'PatternReplacement':
      return replacePattern(
        value,
        await expander.pattern(operation.pattern),
        operation.replacement ? await expander.text(operation.replacement) : '',
        operation,
      );
    case 'CaseModification': {
      const change = (text: string): string =>
        operation.direction === 'upper' ? text.toUpperCase() : text.toLowerCase();
      return operation.all ? change(value) : change(value.slice(0, 1)) + value.slice(1);
    }
    case 'Substring': {
      const number = async (node: typeof operation.offset): Promise<number> =>
        Number(await evaluateArithmetic(state, node.expression, (text) => expander.source(text)));
      const offset = await number(operation.offset);
      const from = offset < 0 ? Math.max(0, value.length + offset) : offset;
      if (!operation.length) return value.slice(from);
      const length = await number(operation.length);
      return length < 0 ? value.slice(from, value.length + length) : value.slice(from, from + length);
    }
    case 'Indirection':
      return valueOf(state, value) ?? '';
    default:
      throw new ShellError('Bad substitution');
  }
}
