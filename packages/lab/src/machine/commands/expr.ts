import type { Program } from '../../shell/process.ts';
import { regexSource } from './regular-expression.ts';

/** The operand of expr(1) is not what the operator takes. */
class ExprError extends Error {}

const LEVELS = [['|'], ['&'], ['<', '<=', '=', '==', '!=', '>=', '>'], ['+', '-'], ['*', '/', '%'], [':']];

function evaluate(words: string[], level: number): string {
  const operators = LEVELS[level];
  if (!operators) return primary(words);
  let left = evaluate(words, level + 1);
  while (words[0] !== undefined && operators.includes(words[0])) {
    const operator = words.shift() as string;
    left = apply(operator, left, evaluate(words, level + 1));
  }
  return left;
}

function primary(words: string[]): string {
  const word = words.shift();
  if (word === undefined) throw new ExprError('syntax error: missing argument');
  if (word === '(') {
    const value = evaluate(words, 0);
    if (words.shift() !== ')') throw new ExprError("syntax error: expecting ')'");
    return value;
  }
  if (word === 'length') return String((words.shift() ?? '').length);
  if (word === 'match') return apply(':', words.shift() ?? '', words.shift() ?? '');
  if (word === 'substr') {
    const text = words.shift() ?? '';
    const from = Number(words.shift());
    return text.slice(from - 1, from - 1 + Number(words.shift()));
  }
  if (word === 'index') {
    const text = words.shift() ?? '';
    const set = words.shift() ?? '';
    return String([...text].findIndex((char) => set.includes(char)) + 1);
  }
  return word;
}

const isInteger = (text: string): boolean => /^-?\d+$/.test(text);
const isFalse = (text: string): boolean => text === '' || /^-?0+$/.test(text);

function apply(operator: string, left: string, right: string): string {
  if (operator === '|') return isFalse(left) ? (isFalse(right) ? '0' : right) : left;
  if (operator === '&') return isFalse(left) || isFalse(right) ? '0' : left;
  if (operator === ':') return match(left, right);
  const [a, b] = [left, right].map((text) => (isInteger(text) ? BigInt(text) : undefined));
  if ('+-*/%'.includes(operator)) {
    if (a === undefined || b === undefined) throw new ExprError('non-integer argument');
    if (b === 0n && (operator === '/' || operator === '%')) throw new ExprError('division by zero');
    return String({ '+': a + b, '-': a - b, '*': a * b, '/': b && a / b, '%': b && a % b }[operator]);
  }
  const order =
    a !== undefined && b !== undefined ? Number(a > b) - Number(a < b) : Number(left > right) - Number(left < right);
  const truth = {
    '<': order < 0,
    '<=': order <= 0,
    '=': order === 0,
    '==': order === 0,
    '!=': order !== 0,
    '>=': order >= 0,
    '>': order > 0,
  }[operator];
  return truth ? '1' : '0';
}

function match(text: string, pattern: string): string {
  const source = regexSource(pattern, 'basic');
  const found = new RegExp(`^(?:${source})`).exec(text);
  if (pattern.includes('\\(')) return found?.[1] ?? '';
  return String(found?.[0].length ?? 0);
}

/** expr(1): 0 when the result is neither empty nor zero, 1 otherwise, 2 for a bad expression. */
export const expr: Program = async (process) => {
  const words = process.argv.slice(process.argv[1] === '--' ? 2 : 1);
  try {
    const value = evaluate(words, 0);
    if (words.length > 0) throw new ExprError(`syntax error: unexpected argument '${words[0]}'`);
    await process.out(`${value}\n`);
    return isFalse(value) ? 1 : 0;
  } catch (error) {
    if (!(error instanceof ExprError)) throw error;
    return process.fail(error.message, 2);
  }
};
