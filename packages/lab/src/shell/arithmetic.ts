import { ShellError, type ShellState } from './shell-state.ts';
import { type ArithmeticNode, parseScript } from './syntax.ts';

const wrap = (value: bigint): bigint => BigInt.asIntN(64, value);
const truth = (value: boolean): bigint => (value ? 1n : 0n);

const BINARY: Record<string, (left: bigint, right: bigint) => bigint> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => divide(a, b, false),
  '%': (a, b) => divide(a, b, true),
  '**': (a, b) => a ** b,
  '<<': (a, b) => a << b,
  '>>': (a, b) => a >> b,
  '<': (a, b) => truth(a < b),
  '<=': (a, b) => truth(a <= b),
  '>': (a, b) => truth(a > b),
  '>=': (a, b) => truth(a >= b),
  '==': (a, b) => truth(a === b),
  '!=': (a, b) => truth(a !== b),
  '&': (a, b) => a & b,
  '|': (a, b) => a | b,
  '^': (a, b) => a ^ b,
  ',': (_a, b) => b,
};

function divide(left: bigint, right: bigint, remainder: boolean): bigint {
  if (right === 0n) throw new ShellError('arithmetic expression: division by zero');
  return remainder ? left % right : left / right;
}

function numberOf(state: ShellState, text: string, depth: number): bigint {
  const trimmed = text.trim();
  if (trimmed === '') return 0n;
  const number = /^([-+]?)(0[xX][0-9a-fA-F]+|0[0-7]*|[1-9][0-9]*)$/.exec(trimmed);
  if (number) {
    const digits = number[2] as string;
    const octal = digits.length > 1 && digits.startsWith('0') && !/^0x/i.test(digits);
    const value = BigInt(octal ? `0o${digits.slice(1)}` : digits);
    return number[1] === '-' ? -value : value;
  }
  if (/^[A-Za-z_]\w*$/.test(trimmed) && depth < 16) return numberOf(state, state.get(trimmed) ?? '', depth + 1);
  throw new ShellError(`arithmetic expression: expecting primary: "${text}"`);
}

/** Expands the `$…` inside arithmetic; supplied by the word expander. */
export type ExpandText = (source: string) => Promise<string>;

/** Evaluates `$((…))` with 64-bit wrap-around. Throws ShellError for bad syntax, division by zero, unset under `set -u`. */
export async function evaluateArithmetic(state: ShellState, node: ArithmeticNode, expand: ExpandText): Promise<bigint> {
  const evaluate = (inner: ArithmeticNode): Promise<bigint> => evaluateArithmetic(state, inner, expand);
  switch (node.type) {
    case 'ArithNumber':
      return BigInt(Math.trunc(node.value));
    case 'ArithVariable':
      return numberOf(state, await variable(state, node, expand), 0);
    case 'ArithSpecialVar':
      return numberOf(state, await expand(`$${node.name}`), 0);
    case 'ArithBracedExpansion':
      return numberOf(state, await expand(`\${${node.content}}`), 0);
    case 'ArithCommandSubst':
      return numberOf(state, await expand(`$(${node.command})`), 0);
    case 'ArithGroup':
    case 'ArithNested':
      return evaluate(node.expression);
    case 'ArithUnary':
      return unary(state, node, evaluate);
    case 'ArithBinary':
      return binary(node, evaluate);
    case 'ArithTernary':
      return (await evaluate(node.condition)) !== 0n ? evaluate(node.consequent) : evaluate(node.alternate);
    case 'ArithAssignment':
      return assign(state, node, evaluate);
    case 'ArithConcat': {
      let text = '';
      for (const part of node.parts) text += String(await evaluate(part));
      return numberOf(state, text, 0);
    }
    default:
      throw new ShellError(`arithmetic expression: not understood`);
  }
}

async function variable(
  state: ShellState,
  node: Extract<ArithmeticNode, { type: 'ArithVariable' }>,
  expand: ExpandText,
): Promise<string> {
  if (node.hasDollarPrefix) return expand(`$${node.name}`);
  const value = state.get(node.name);
  if (value === undefined && state.options.nounset) throw new ShellError(`${node.name}: parameter not set`);
  return value ?? '0';
}

async function binary(
  node: Extract<ArithmeticNode, { type: 'ArithBinary' }>,
  evaluate: (inner: ArithmeticNode) => Promise<bigint>,
): Promise<bigint> {
  const left = await evaluate(node.left);
  if (node.operator === '&&') return truth(left !== 0n && (await evaluate(node.right)) !== 0n);
  if (node.operator === '||') return truth(left !== 0n || (await evaluate(node.right)) !== 0n);
  const operation = BINARY[node.operator];
  if (!operation) throw new ShellError(`arithmetic expression: unknown operator ${node.operator}`);
  return wrap(operation(left, await evaluate(node.right)));
}

async function unary(
  state: ShellState,
  node: Extract<ArithmeticNode, { type: 'ArithUnary' }>,
  evaluate: (inner: ArithmeticNode) => Promise<bigint>,
): Promise<bigint> {
  const value = await evaluate(node.operand);
  if (node.operator === '-') return wrap(-value);
  if (node.operator === '+') return value;
  if (node.operator === '!') return truth(value === 0n);
  if (node.operator === '~') return ~value;
  if (node.operand.type !== 'ArithVariable') throw new ShellError('arithmetic expression: not a variable');
  const changed = wrap(node.operator === '++' ? value + 1n : value - 1n);
  state.set(node.operand.name, String(changed));
  return node.prefix ? changed : value;
}

async function assign(
  state: ShellState,
  node: Extract<ArithmeticNode, { type: 'ArithAssignment' }>,
  evaluate: (inner: ArithmeticNode) => Promise<bigint>,
): Promise<bigint> {
  const right = await evaluate(node.value);
  const operation = node.operator === '=' ? undefined : BINARY[node.operator.slice(0, -1)];
  const result = operation ? wrap(operation(numberOf(state, state.get(node.variable) ?? '', 0), right)) : right;
  state.set(node.variable, String(result));
  return result;
}

/** Parses arithmetic given as text, for `let`-like use and values that hold expressions. */
export function parseArithmetic(text: string): ArithmeticNode {
  const command = parseScript(`: $((${text}))`).statements[0]?.pipelines[0]?.commands[0];
  const part = command?.type === 'SimpleCommand' ? command.args[0]?.parts[0] : undefined;
  if (part?.type !== 'ArithmeticExpansion') throw new ShellError(`arithmetic expression: not understood: "${text}"`);
  return part.expression.expression;
}
