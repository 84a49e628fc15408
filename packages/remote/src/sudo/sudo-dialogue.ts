import { randomBytes } from 'node:crypto';
import { AppError } from '@vmstation/core';
import { sudoRefusal } from '../ssh/ssh-failure.ts';
import type { SudoPassword } from './sudo-turns.ts';

/** What the input of a program gets next: bytes, its end, or both. */
export interface InputReply {
  readonly write?: Uint8Array | string;
  readonly end?: boolean;
}

/** What a {@link SudoDialogue} is about. */
export interface SudoTask {
  readonly node: string;
  readonly argv: readonly string[];
  readonly stdin: Uint8Array | string | undefined;
  readonly password: SudoPassword;
  /** Called once, when the program is about to run as root. */
  readonly onRoot?: () => void;
  /** Random hexadecimal digits; left out: this computer's. */
  readonly nonce?: (bytes: number) => string;
}

/** PAM refuses longer answers (PAM_MAX_RESP_SIZE), and sudo would leave the rest of the line to be read as something else. */
const longestPasswordBytes = 511;

/**
 * Becomes root by a sudo that may ask for a password, over the input of the one command that is started anyway. sudo says with a random prompt that it
 * asks, and the started program with a random line that it is root; nothing is sent before one of the two is heard. So the password goes to sudo alone,
 * and only when it asks; what follows goes to the program alone, however often sudo asks, and whatever else PAM wants to know.
 * `-k` leaves a cached login aside and makes none. Source: sudo(8) of sudo 1.9.
 */
export class SudoDialogue {
  /** What is to be started in place of the program. */
  readonly argv: readonly string[];
  readonly #task: SudoTask;
  readonly #prompt: string;
  readonly #root: string;
  /** Everything heard, a character a byte. */
  #heard = '';
  /** How much of it was looked at. */
  #seen = 0;
  #asked = 0;
  #rootAt: number | undefined;
  #ended = false;

  /** Throws ssh/sudo-password for a password that sudo cannot be given. */
  constructor(task: SudoTask) {
    requireUsable(task);
    const nonce = task.nonce ?? ((bytes: number) => randomBytes(bytes).toString('hex'));
    this.#task = task;
    this.#prompt = `vmstation-asks-${nonce(8)}:`;
    this.#root = `vmstation-root-${nonce(8)}`;
    const announced = ['sh', '-c', 'echo "$0" >&2; exec "$@"', this.#root, ...task.argv];
    this.argv = ['sudo', '-k', '-S', '-p', this.#prompt, '--', ...announced];
  }

  /** True when the program was started as root. */
  get isRoot(): boolean {
    return this.#rootAt !== undefined;
  }

  /** What the program wrote to stderr; before it ran, what sudo and the login said, without our prompt. */
  get stderr(): string {
    const text =
      this.#rootAt === undefined ? this.#heard.replaceAll(this.#prompt, '') : this.#heard.slice(this.#rootAt);
    return Buffer.from(text, 'latin1').toString('utf8');
  }

  /** Hears a piece of stderr and says what the input gets for it. */
  hear(chunk: Uint8Array): InputReply {
    this.#heard += Buffer.from(chunk).toString('latin1');
    if (this.isRoot || this.#ended) return {};
    const root = this.#heard.indexOf(`${this.#root}\n`, this.#seen);
    const before = this.#asked;
    for (;;) {
      const asks = this.#heard.indexOf(this.#prompt, this.#seen);
      if (asks === -1 || (root !== -1 && root < asks)) break;
      this.#seen = asks + this.#prompt.length;
      this.#asked += 1;
    }
    // The second time it says that the first answer was wrong. Guessing again would only lock the account.
    if (this.#asked > 1) return this.#end();
    if (root === -1) return this.#asked > before ? { write: `${this.#task.password.value.reveal()}\n` } : {};
    this.#rootAt = root + this.#root.length + 1;
    this.#task.onRoot?.();
    return { ...(this.#task.stdin === undefined ? {} : { write: this.#task.stdin }), end: true };
  }

  /** Nothing was heard for a while: a question that is not about the password is left without an answer. */
  idle(): InputReply {
    return this.isRoot || this.#ended || this.#question() === '' ? {} : this.#end();
  }

  /** The error when the program was not started: ssh/sudo-password or ssh/no-sudo. Undefined when it was. */
  refusal(exitCode: number): AppError | undefined {
    if (this.isRoot) return undefined;
    const { node } = this.#task;
    const said = saidIn(this.stderr);
    const inItsWords = said === '' ? '' : `: ${said}`;
    const expired = this.stderr.split('\n').find((line) => /\bexpired\b/.test(line));
    if (expired !== undefined)
      return passwordError(
        this.#task,
        `The password that sudo asks for on ${node} has to be renewed there first: ${expired.trim()}`,
      );
    if (this.#asked > 1 || (this.#asked === 1 && /incorrect (?:password|authentication) attempt/.test(said)))
      return passwordError(
        this.#task,
        `sudo on ${node} did not take the password that this workspace has for it (secret:${this.#task.password.name}). It was tried once.`,
      );
    if (this.#ended)
      return passwordError(
        this.#task,
        `sudo on ${node} asks something else than sudo's own question for the password, and nobody is there to answer${inItsWords}`,
      );
    return sudoRefusal(node, exitCode === 0 ? 1 : exitCode, 0, this.stderr) ?? notStarted(node, said);
  }

  #end(): InputReply {
    this.#ended = true;
    return { end: true };
  }

  /** A last line without its end: somebody waits for an answer behind it. */
  #question(): string {
    const last = this.#heard.slice(this.#seen).split('\n').at(-1)?.trim() ?? '';
    return this.#prompt.startsWith(last) || this.#root.startsWith(last) ? '' : last;
  }
}

function requireUsable({ node, password }: SudoTask): void {
  const value = password.value.reveal();
  const why =
    value === ''
      ? 'is empty'
      : /[\n\r\0]/.test(value)
        ? 'holds a line break or a NUL, which sudo reads as its end'
        : Buffer.byteLength(value) > longestPasswordBytes
          ? `is longer than ${longestPasswordBytes} bytes`
          : undefined;
  if (why !== undefined)
    throw passwordError({ node, password }, `The password that this workspace has for sudo on ${node} ${why}.`);
}

function passwordError({ node, password }: Pick<SudoTask, 'node' | 'password'>, message: string): AppError {
  return new AppError({
    code: 'ssh/sudo-password',
    kind: 'user',
    message,
    tryThis: `vmstation secret set ${password.name}`,
    nextSteps: [`Try it at the machine first: ssh ${node}, then sudo -k true.`],
    context: { node },
  });
}

function notStarted(node: string, said: string): AppError {
  return new AppError({
    code: 'ssh/no-sudo',
    kind: 'user',
    message: `sudo on ${node} did not start what it was given${said === '' ? '.' : `: ${said}`}`,
    tryThis: `Log in and try it: ssh ${node}, then sudo -k true.`,
    context: { node },
  });
}

/** The last lines that say something; a lecture before them does not. */
function saidIn(stderr: string): string {
  const lines = stderr.split('\n').map((line) => line.trim());
  return lines
    .filter((line) => line !== '')
    .slice(-2)
    .join(' ');
}
