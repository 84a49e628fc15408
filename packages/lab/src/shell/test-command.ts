import { type Inode, inodeSize, permits } from '../disk/inode.ts';
import type { Process } from './process.ts';
import { ShellError } from './shell-state.ts';

const UNARY = new Set('-b -c -d -e -f -g -h -k -L -n -O -G -p -r -s -S -t -u -w -x -z'.split(' '));
const BINARY = new Set('= == != < > -eq -ne -lt -le -gt -ge -nt -ot -ef'.split(' '));

/** One unary primary of test(1). Throws ShellError for an unknown operator. */
export function unaryTest(process: Process, operator: string, operand: string): boolean {
  if (operator === '-n') return operand !== '';
  if (operator === '-z') return operand === '';
  if (operator === '-t') return process.files.get(Number(operand))?.isTerminal ?? false;
  const inode = process.find(operand, operator !== '-h' && operator !== '-L');
  return inode !== undefined && fileTest(process, operator, inode);
}

function fileTest(process: Process, operator: string, inode: Inode): boolean {
  const { credentials } = process;
  switch (operator) {
    case '-e':
    case '-a':
      return true;
    case '-f':
      return inode.kind === 'file';
    case '-d':
      return inode.kind === 'directory';
    case '-h':
    case '-L':
      return inode.kind === 'symlink';
    case '-p':
      return inode.kind === 'fifo';
    case '-c':
      return inode.kind === 'device' && !(inode.device ?? '').startsWith('disk:');
    case '-b':
      return inode.kind === 'device' && (inode.device ?? '').startsWith('disk:');
    case '-s':
      return inodeSize(inode) > 0;
    case '-r':
      return permits(inode, credentials, 4);
    case '-w':
      return permits(inode, credentials, 2);
    case '-x':
      return permits(inode, credentials, 1);
    case '-u':
      return (inode.mode & 0o4000) !== 0;
    case '-g':
      return (inode.mode & 0o2000) !== 0;
    case '-k':
      return (inode.mode & 0o1000) !== 0;
    case '-O':
      return inode.uid === credentials.uid;
    case '-G':
      return inode.gid === credentials.gid;
    case '-S':
    case '-N':
      return false;
    default:
      throw new ShellError(`${operator}: unknown operator`);
  }
}

/** One binary primary of test(1). Throws ShellError for a bad number. */
export function binaryTest(process: Process, left: string, operator: string, right: string): boolean {
  switch (operator) {
    case '=':
    case '==':
      return left === right;
    case '!=':
      return left !== right;
    case '<':
      return left < right;
    case '>':
      return left > right;
    case '-nt':
    case '-ot':
    case '-ef': {
      const first = process.find(left);
      const second = process.find(right);
      if (operator === '-ef') return first !== undefined && first === second;
      const [newer, older] = operator === '-nt' ? [first, second] : [second, first];
      return newer !== undefined && (older === undefined || newer.mtimeMs > older.mtimeMs);
    }
    default:
      return compare(integer(left), operator, integer(right));
  }
}

function compare(left: bigint, operator: string, right: bigint): boolean {
  if (operator === '-eq') return left === right;
  if (operator === '-ne') return left !== right;
  if (operator === '-lt') return left < right;
  if (operator === '-le') return left <= right;
  if (operator === '-gt') return left > right;
  return left >= right;
}

function integer(text: string): bigint {
  const trimmed = text.trim();
  if (!/^[-+]?\d+$/.test(trimmed)) throw new ShellError(`Illegal number: ${text}`);
  return BigInt(trimmed.replace(/^\+/, ''));
}

/** The `test` and `[` commands: 0 true, 1 false. Throws ShellError (status 2) for bad usage. */
export function testCommand(process: Process, argv: readonly string[]): number {
  let args = argv.slice(1);
  if (argv[0] === '[') {
    if (args.at(-1) !== ']') throw new ShellError('[: missing ]');
    args = args.slice(0, -1);
  }
  const parser = new TestParser(process, args);
  return parser.evaluate() ? 0 : 1;
}

class TestParser {
  readonly #process: Process;
  readonly #args: readonly string[];
  #position = 0;

  constructor(process: Process, args: readonly string[]) {
    this.#process = process;
    this.#args = args;
  }

  evaluate(): boolean {
    if (this.#args.length === 0) return false;
    const result = this.#or();
    if (this.#position < this.#args.length)
      throw new ShellError(`test: ${this.#args[this.#position]}: unexpected operator`);
    return result;
  }

  #or(): boolean {
    let result = this.#and();
    while (this.#args[this.#position] === '-o') {
      this.#position += 1;
      const right = this.#and();
      result = result || right;
    }
    return result;
  }

  #and(): boolean {
    let result = this.#not();
    while (this.#args[this.#position] === '-a') {
      this.#position += 1;
      const right = this.#not();
      result = result && right;
    }
    return result;
  }

  #not(): boolean {
    if (
      this.#args[this.#position] === '!' &&
      this.#remaining() > 1 &&
      !(this.#remaining() === 3 && this.#isBinaryNext())
    ) {
      this.#position += 1;
      return !this.#not();
    }
    return this.#primary();
  }

  #remaining(): number {
    return this.#args.length - this.#position;
  }

  #isBinaryNext(): boolean {
    return BINARY.has(this.#args[this.#position + 1] ?? '');
  }

  #primary(): boolean {
    const first = this.#args[this.#position];
    if (first === undefined) throw new ShellError('test: argument expected');
    if (this.#remaining() >= 3 && this.#isBinaryNext()) {
      const [left, operator, right] = this.#args.slice(this.#position, this.#position + 3) as [string, string, string];
      this.#position += 3;
      return binaryTest(this.#process, left, operator, right);
    }
    if (first === '(' && this.#remaining() >= 3) {
      this.#position += 1;
      const result = this.#or();
      if (this.#args[this.#position] !== ')') throw new ShellError('test: closing paren expected');
      this.#position += 1;
      return result;
    }
    if (this.#remaining() >= 2 && UNARY.has(first)) {
      const operand = this.#args[this.#position + 1] as string;
      this.#position += 2;
      return unaryTest(this.#process, first, operand);
    }
    this.#position += 1;
    return first !== '';
  }
}
