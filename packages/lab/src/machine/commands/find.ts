import { FileSystemError } from '../../disk/file-system-error.ts';
import { type Inode, inodeSize } from '../../disk/inode.ts';
import { patternRegExp } from '../../shell/pattern.ts';
import { unescape } from '../../shell/printf.ts';
import type { Process, Program } from '../../shell/process.ts';
import { findGroup, findUser, groupName, userName } from './accounts.ts';
import { parseMode } from './file-commands.ts';
import { UsageError } from './options.ts';
import { runCommand } from './process-commands.ts';

interface Visit {
  path: string;
  inode: Inode;
  depth: number;
  start: string;
  prune: boolean;
}

type Test = (visit: Visit) => boolean | Promise<boolean>;

/** find(1): the expressions that provisioning scripts use. */
export const find: Program = async (process) => {
  const args = process.argv.slice(1);
  while (args[0] === '-L' || args[0] === '-P' || args[0] === '-H') args.shift();
  const starts: string[] = [];
  while (args.length > 0 && !/^[-(!]/.test(args[0] as string)) starts.push(args.shift() as string);
  const expression = new FindExpression(process, args);
  const test = expression.parse();
  let status = 0;
  const visit = async (path: string, depth: number, start: string): Promise<void> => {
    const inode = process.find(path, false);
    if (!inode) {
      status = await process.fail(`'${path}': No such file or directory`);
      return;
    }
    const at: Visit = { path, inode, depth, start, prune: false };
    const self = async (): Promise<void> => {
      if (depth >= expression.minDepth) await test(at);
    };
    if (!expression.depthFirst) await self();
    if (inode.kind === 'directory' && !at.prune && depth < expression.maxDepth) {
      try {
        const names = process.kernel.tree.list(process.path(path), process.credentials);
        for (const name of names) await visit(path.endsWith('/') ? path + name : `${path}/${name}`, depth + 1, start);
      } catch (error) {
        if (!(error instanceof FileSystemError)) throw error;
        status = await process.fail(`'${path}': ${error.message}`);
      }
    }
    if (expression.depthFirst) await self();
  };
  for (const start of starts.length > 0 ? starts : ['.']) await visit(start, 0, start);
  await expression.finish();
  return status || (expression.failed ? 1 : 0);
};

class FindExpression {
  maxDepth = Number.POSITIVE_INFINITY;
  minDepth = 0;
  depthFirst = false;
  failed = false;
  #acts = false;
  readonly #process: Process;
  readonly #args: string[];
  readonly #batches: { argv: string[]; paths: string[] }[] = [];

  constructor(process: Process, args: string[]) {
    this.#process = process;
    this.#args = args;
  }

  parse(): Test {
    const test = this.#or();
    if (this.#args.length > 0) throw new UsageError(`paths must precede expression: '${this.#args[0]}'`);
    if (this.#acts) return test;
    return async (visit) => (await test(visit)) && this.#print(visit, '\n');
  }

  async finish(): Promise<void> {
    for (const { argv, paths } of this.#batches) {
      if (paths.length > 0 && (await runCommand(this.#process, [...argv, ...paths])) !== 0) this.failed = true;
    }
  }

  async #print(visit: Visit, end: string): Promise<boolean> {
    await this.#process.out(`${visit.path}${end}`);
    return true;
  }

  #or(): Test {
    let left = this.#and();
    while (this.#args[0] === '-o' || this.#args[0] === '-or') {
      this.#args.shift();
      const [first, second] = [left, this.#and()];
      left = async (visit) => (await first(visit)) || second(visit);
    }
    return left;
  }

  #and(): Test {
    let left: Test = () => true;
    while (this.#args.length > 0 && !['-o', '-or', ')'].includes(this.#args[0] as string)) {
      if (this.#args[0] === '-a' || this.#args[0] === '-and') this.#args.shift();
      const [first, second] = [left, this.#not()];
      left = async (visit) => (await first(visit)) && second(visit);
    }
    return left;
  }

  #not(): Test {
    if (this.#args[0] === '!' || this.#args[0] === '-not') {
      this.#args.shift();
      const inner = this.#not();
      return async (visit) => !(await inner(visit));
    }
    if (this.#args[0] === '(') {
      this.#args.shift();
      const inner = this.#or();
      this.#args.shift();
      return inner;
    }
    return this.#primary(this.#args.shift() as string);
  }

  #primary(name: string): Test {
    const action = this.#action(name);
    if (action) return action;
    const flag = this.#flag(name);
    if (flag) return flag;
    const value = this.#args.shift();
    if (value === undefined) throw new UsageError(`missing argument to '${name}'`);
    return this.#comparison(name, value);
  }

  #flag(name: string): Test | undefined {
    switch (name) {
      case '-depth':
        this.depthFirst = true;
        return () => true;
      case '-xdev':
      case '-mount':
      case '-daystart':
      case '-noleaf':
      case '-true':
        return () => true;
      case '-false':
        return () => false;
      case '-prune':
        return (visit) => (visit.prune = true);
      case '-empty':
        return ({ inode }) =>
          inode.kind === 'directory'
            ? (inode.entries?.size ?? 0) === 0
            : inode.kind === 'file' && inodeSize(inode) === 0;
      default:
        return undefined;
    }
  }

  #action(name: string): Test | undefined {
    switch (name) {
      case '-print':
      case '-print0':
        this.#acts = true;
        return (visit) => this.#print(visit, name === '-print' ? '\n' : '\0');
      case '-printf': {
        this.#acts = true;
        const format = unescape(this.#args.shift() ?? '', 'printf', true).text;
        return async (visit) => (await this.#process.out(this.#formatted(format, visit)), true);
      }
      case '-delete':
        this.#acts = true;
        this.depthFirst = true;
        return ({ path, inode }) => {
          const { tree } = this.#process.kernel;
          if (inode.kind === 'directory') tree.removeDirectory(this.#process.path(path), this.#process.credentials);
          else tree.unlink(this.#process.path(path), this.#process.credentials);
          return true;
        };
      case '-quit':
        return () => false;
      case '-exec':
      case '-execdir':
        return this.#exec();
      default:
        return undefined;
    }
  }

  #exec(): Test {
    this.#acts = true;
    const argv: string[] = [];
    for (let word = this.#args.shift(); word !== undefined && word !== ';'; word = this.#args.shift()) {
      if (word === '+' && argv.at(-1) === '{}') {
        const batch = { argv: argv.slice(0, -1), paths: [] as string[] };
        this.#batches.push(batch);
        return ({ path }) => batch.paths.push(path) > 0;
      }
      argv.push(word);
    }
    return async ({ path }) =>
      (await runCommand(
        this.#process,
        argv.map((word) => word.replaceAll('{}', () => path)),
      )) === 0;
  }

  #comparison(name: string, value: string): Test {
    const { kernel } = this.#process;
    switch (name) {
      case '-maxdepth':
        this.maxDepth = Number(value);
        return () => true;
      case '-mindepth':
        this.minDepth = Number(value);
        return () => true;
      case '-name':
      case '-iname': {
        const expression = new RegExp(patternRegExp(value).source, name === '-iname' ? 'i' : '');
        return ({ path }) =>
          expression.test(
            path
              .replace(/(.)\/+$/, '$1')
              .split('/')
              .pop() || '/',
          );
      }
      case '-path':
      case '-wholename': {
        const expression = patternRegExp(value);
        return ({ path }) => expression.test(path);
      }
      case '-regex':
        return ({ path }) => new RegExp(`^(?:${value})$`).test(path);
      case '-type': {
        const kinds = value
          .split(',')
          .map((letter) => ({ f: 'file', d: 'directory', l: 'symlink', p: 'fifo', c: 'device', b: 'device' })[letter]);
        return ({ inode }) => kinds.includes(inode.kind);
      }
      case '-user':
        return ({ inode }) => inode.uid === (findUser(kernel, value)?.uid ?? Number(value));
      case '-group':
        return ({ inode }) => inode.gid === (findGroup(kernel, value)?.gid ?? Number(value));
      case '-uid':
        return ({ inode }) => inode.uid === Number(value);
      case '-perm':
        return permissionTest(value);
      case '-newer': {
        const reference = this.#process.lookup(value).mtimeMs;
        return ({ inode }) => inode.mtimeMs > reference;
      }
      case '-links':
        return ({ inode }) => compare(inode.links, value);
      case '-size':
        return sizeTest(value);
      case '-mtime':
        return ({ inode }) => compare(Math.floor((kernel.now() - inode.mtimeMs) / 86_400_000), value);
      case '-mmin':
        return ({ inode }) => compare(Math.ceil((kernel.now() - inode.mtimeMs) / 60_000), value);
      default:
        throw new UsageError(`unknown predicate '${name}'`);
    }
  }

  #formatted(format: string, { path, inode, start, depth }: Visit): string {
    const { kernel } = this.#process;
    const values: Record<string, string | number> = {
      p: path,
      f: path.split('/').pop() || '/',
      h: path.replace(/\/[^/]*$/, '') || '/',
      P: path.slice(start.length).replace(/^\//, ''),
      m: inode.mode.toString(8),
      u: userName(kernel, inode.uid),
      g: groupName(kernel, inode.gid),
      U: inode.uid,
      G: inode.gid,
      s: inodeSize(inode),
      y: { file: 'f', directory: 'd', symlink: 'l', device: 'c', fifo: 'p' }[inode.kind],
      l: inode.target ?? '',
      i: inode.ino,
      d: depth,
      n: inode.links,
    };
    return format.replace(/%(T@|[a-zA-Z%])/g, (_all, code: string) =>
      code === '%' ? '%' : code === 'T@' ? (inode.mtimeMs / 1000).toFixed(10) : String(values[code] ?? ''),
    );
  }
}

function compare(actual: number, wanted: string): boolean {
  const number = Number(wanted.replace(/^[-+]/, ''));
  if (wanted.startsWith('+')) return actual > number;
  return wanted.startsWith('-') ? actual < number : actual === number;
}

function sizeTest(value: string): Test {
  const unit = { c: 1, w: 2, b: 512, k: 1024, M: 1 << 20, G: 1 << 30 }[value.at(-1) as string] ?? 512;
  return ({ inode }) => compare(Math.ceil(inodeSize(inode) / unit), value.replace(/[cwbkMG]$/, ''));
}

function permissionTest(value: string): Test {
  const bits = parseMode(value.replace(/^[-/]/, ''), 0);
  if (value.startsWith('-')) return ({ inode }) => (inode.mode & bits) === bits;
  if (value.startsWith('/')) return ({ inode }) => bits === 0 || (inode.mode & bits) !== 0;
  return ({ inode }) => inode.mode === bits;
}
