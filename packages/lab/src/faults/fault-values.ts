import { AppError } from '@vmstation/core';
import { type FaultKind, type FaultParameter, type FaultValues, faultKinds } from './fault-kinds.ts';

/** The kind of this name for a machine or for the API. Throws lab/unknown-fault. */
export function faultKindOf(on: 'node' | 'api', name: string): FaultKind {
  const listed: readonly FaultKind[] = faultKinds.filter(({ subject }) => (subject === 'api') === (on === 'api'));
  const found = listed.find(({ kind }) => kind === name);
  if (found !== undefined) return found;
  const elsewhere = faultKinds.some(({ kind }) => kind === name);
  const where = on === 'api' ? 'the API' : 'a machine';
  throw new AppError({
    code: 'lab/unknown-fault',
    kind: 'user',
    message: `There is no fault ${name} of ${where}; there is ${listed.map(({ kind }) => kind).join(', ')}.`,
    tryThis: elsewhere
      ? `vmstation lab fault ${on === 'api' ? 'NODE' : 'api'} ${name}`
      : 'vmstation lab fault --help says what each of them does.',
  });
}

/**
 * Reads `name=value` words, of which the first may be a bare value, into all values of a fault with their defaults.
 * Throws lab/bad-fault-value.
 */
export function readFaultValues(kind: FaultKind, words: readonly string[]): FaultValues {
  const values: Record<string, string | number> = {};
  for (const [index, word] of words.entries()) {
    const [, name, text = ''] = /^([a-z-]+)=(.*)$/s.exec(word) ?? [];
    const parameter =
      name === undefined
        ? kind.parameters.find((one) => one === kind.parameters[0] && index === 0)
        : kind.parameters.find((one) => one.name === name);
    if (parameter === undefined) throw badValue(kind, `${word} is no value of it`);
    values[parameter.name] = readValue(kind, parameter, name === undefined ? word : text);
  }
  return withDefaults(kind, values);
}

/** All values of a fault: those given, and the defaults of the others. Throws lab/bad-fault-value. */
export function withDefaults(kind: FaultKind, given: FaultValues): FaultValues {
  const values: Record<string, string | number> = {};
  for (const name of Object.keys(given))
    if (!kind.parameters.some((parameter) => parameter.name === name)) throw badValue(kind, `it has no ${name}`);
  for (const parameter of kind.parameters) {
    const value = given[parameter.name] ?? parameter.default;
    if (value !== undefined) values[parameter.name] = readValue(kind, parameter, String(value));
    else if (parameter.required === true) throw badValue(kind, `${parameter.name} is missing (${parameter.meaning})`);
  }
  return values;
}

function readValue(kind: FaultKind, parameter: FaultParameter, text: string): string | number {
  const { name, reads } = parameter;
  if (reads === 'word' || reads === 'path') {
    if (text === '' || /\s/.test(text)) throw badValue(kind, `${name} is one word (${parameter.meaning})`);
    if (reads === 'path' && !text.startsWith('/')) throw badValue(kind, `${name} is an absolute path, not ${text}`);
    return text;
  }
  if (reads === 'count' && text === 'always') return text;
  const number = /^[+-]?\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  const least = reads === 'count' ? 1 : reads === 'amount' ? 0 : -Infinity;
  if (Number.isNaN(number) || number < least || (reads === 'count' && !Number.isInteger(number)))
    throw badValue(kind, `${name} is ${said[reads]}, not ${text === '' ? 'nothing' : text}`);
  return number;
}

const said = {
  count: 'a whole number from 1, or always',
  amount: 'a number from 0',
  number: 'a number',
} as const;

function badValue(kind: FaultKind, why: string): AppError {
  const known = kind.parameters.map(({ name, default: by }) => (by === undefined ? `${name}=…` : `${name}=${by}`));
  return new AppError({
    code: 'lab/bad-fault-value',
    kind: 'user',
    message: `The fault ${kind.kind} cannot be switched on so: ${why}.`,
    tryThis: known.length === 0 ? 'It takes no value.' : `It takes ${known.join(' ')}`,
  });
}
