import { AppError, type Clock, type RemoteCommand, type RemoteResult, type Transport } from '@vmstation/core';
import {
  deadlinePassed,
  type InputReply,
  interrupted,
  quoteArguments,
  SudoDialogue,
  type SudoPasswords,
  SudoTurns,
  sshFailure,
  sudoRefusal,
} from '@vmstation/remote';
import type { Machine } from '../machine/machine.ts';
import { encodeText, fromByteText, toByteText } from '../shell/byte-text.ts';
import { ExecError, run } from '../shell/execute.ts';
import { type OpenFile, Pipe, TextSource } from '../shell/open-file.ts';
import type { Process } from '../shell/process.ts';
import { permitKey } from '../ssh/login.ts';
import { loginOrigin } from '../ssh/session.ts';

/** How a node is logged in to. */
export interface InProcessLogin {
  readonly user: string;
  /** The client's public key, a line as in authorized_keys. */
  readonly publicKey: string;
}

/** What {@link inProcessTransport} works with. */
export interface InProcessSettings {
  /** The machine behind a node's name; undefined for an unknown one. */
  readonly machineOf: (node: string) => Machine | undefined;
  readonly loginOf: (node: string) => InProcessLogin;
  readonly clock: Clock;
  /** As of the OpenSSH transport. */
  readonly sudoPassword?: SudoPasswords;
}

/** ssh_config(5) as the OpenSSH transport sets it. */
const connectTimeoutMs = 10_000;
const aliveIntervalMs = 5000;
const aliveCount = 3;
const persistMs = 60_000;
/** As the OpenSSH transport: of the ten sessions that sshd allows on a connection, some stay free. */
const sessionsPerNode = 6;

/**
 * Reaches the lab's machines without SSH, in this process: the login is judged as their sshd would, the command is a line for the login shell, and what
 * the OpenSSH transport throws is thrown with the same code. All waiting is the clock's.
 */
export function inProcessTransport(settings: InProcessSettings): Transport {
  return new InProcessTransport(settings);
}

interface NodeConnection {
  /** Boot in which the shared connection was opened; undefined while there is none. */
  bootId: string | undefined;
  usedAtMs: number;
  running: number;
  readonly waiting: (() => void)[];
  /** Break what runs, when a fault cuts the machine's connections. */
  readonly cuts: Set<() => void>;
}

/** A command on its way to a machine. */
interface Started {
  readonly node: string;
  readonly machine: Machine;
  readonly connection: NodeConnection;
  readonly command: RemoteCommand;
  /** What is run for it. */
  readonly argv: readonly string[];
  readonly dialogue: SudoDialogue | undefined;
}

class InProcessTransport implements Transport {
  readonly counters = { roundTrips: 0, connections: 0 };
  readonly #settings: InProcessSettings;
  readonly #connections = new Map<string, NodeConnection>();
  readonly #turns = new SudoTurns();

  constructor(settings: InProcessSettings) {
    this.#settings = settings;
  }

  async run(node: string, command: RemoteCommand): Promise<RemoteResult> {
    const what = `\`${command.argv[0] ?? ''}\``;
    if (command.signal?.aborted === true) throw interrupted(node, what);
    const elevated = command.elevate === true && this.#settings.loginOf(node).user !== 'root';
    const password = elevated ? await this.#settings.sudoPassword?.(node) : undefined;
    const { argv, stdin } = command;
    if (!elevated) return this.#run(node, command, argv);
    if (password === undefined) {
      const result = await this.#run(node, command, ['sudo', '-n', '--', ...argv]);
      const refusal = sudoRefusal(node, result.exitCode, result.stdout.length, result.stderr);
      if (refusal !== undefined) throw refusal;
      return result;
    }
    return this.#turns.take(node, async ({ accepted }) => {
      const dialogue = new SudoDialogue({ node, argv, stdin, password, onRoot: accepted });
      const result = await this.#run(node, command, dialogue.argv, dialogue);
      const refusal = dialogue.refusal(result.exitCode);
      if (refusal !== undefined) throw refusal;
      return { ...result, stderr: dialogue.stderr };
    });
  }

  async #run(
    node: string,
    command: RemoteCommand,
    argv: readonly string[],
    dialogue?: SudoDialogue,
  ): Promise<RemoteResult> {
    const machine = this.#machineOf(node);
    const connection = this.#connectionOf(node);
    while (connection.running >= sessionsPerNode)
      await new Promise<void>((resolve) => connection.waiting.push(resolve));
    connection.running += 1;
    try {
      this.counters.roundTrips += 1;
      await this.#connect(node, machine, connection, command.freshConnection === true);
      return await this.#session({ node, machine, connection, command, argv, dialogue });
    } finally {
      connection.running -= 1;
      connection.waiting.shift()?.();
    }
  }

  async close(): Promise<void> {
    this.#connections.clear();
  }

  #machineOf(node: string): Machine {
    const machine = this.#settings.machineOf(node);
    if (machine !== undefined) return machine;
    throw new AppError({
      code: 'ssh/node-unknown',
      kind: 'user',
      message: `There is no address for a node called ${node}.`,
      tryThis: 'Look at the names under `nodes:` in vmstation.yaml.',
      context: { node },
    });
  }

  #connectionOf(node: string): NodeConnection {
    let connection = this.#connections.get(node);
    if (connection === undefined) {
      connection = { bootId: undefined, usedAtMs: 0, running: 0, waiting: [], cuts: new Set() };
      this.#connections.set(node, connection);
    }
    return connection;
  }

  /** Opens a connection unless the shared one still stands. Throws what ssh's failure to connect means. */
  async #connect(node: string, machine: Machine, shared: NodeConnection, fresh: boolean): Promise<void> {
    const nowMs = this.#settings.clock.now().getTime();
    const stands =
      shared.bootId === machine.state.bootId && (shared.running > 1 || nowMs - shared.usedAtMs <= persistMs);
    if (stands && !fresh && machine.power !== 'off' && machine.faults.unreachable !== true) return;
    this.counters.connections += 1;
    const address = machine.spec.nics[0]?.ip ?? node;
    if (isSilent(machine)) {
      await this.#settings.clock.sleep(connectTimeoutMs);
      // Who woke up in the meantime answers what was sent.
      if (isSilent(machine)) throw this.#failure(node, `ssh: connect to host ${address} port 22: Connection timed out`);
    }
    if (machine.faults.unreachable === true || !machine.listens(22))
      throw this.#failure(node, `ssh: connect to host ${address} port 22: Connection refused`);
    const { user, publicKey } = this.#settings.loginOf(node);
    if (permitKey(machine, user, publicKey) === undefined)
      throw this.#failure(node, `${user}@${address}: Permission denied (publickey).`);
    if (!fresh) shared.bootId = machine.state.bootId;
    machine.onConnectionsCut = () => {
      shared.bootId = undefined;
      for (const cut of shared.cuts) cut();
    };
  }

  #failure(node: string, stderr: string, answered = false): AppError {
    const address = this.#settings.machineOf(node)?.spec.nics[0]?.ip ?? node;
    return sshFailure({ node, destination: `${this.#settings.loginOf(node).user}@${address}`, stderr, answered });
  }

  async #session(started: Started): Promise<RemoteResult> {
    const { node, machine, connection, command, argv, dialogue } = started;
    const { clock, loginOf } = this.#settings;
    // A shared connection to a machine that fell silent: ssh's keep-alive gives it up.
    if (isSilent(machine)) await clock.sleep(aliveIntervalMs * aliveCount);
    if (isSilent(machine) || machine.power !== 'on') throw this.#lost(node, connection, false);
    const startedMs = clock.now().getTime();
    const { user, publicKey } = loginOf(node);
    const entry = permitKey(machine, user, publicKey, { sharedConnection: true });
    if (entry === undefined) throw this.#lost(node, connection, false);
    const session = startSession(machine, entry, quoteArguments(argv), command, dialogue);
    const ended = await this.#watch(session, machine, connection, command);
    connection.usedAtMs = clock.now().getTime();
    if (ended === 'aborted') throw interrupted(node, `\`${command.argv[0] ?? ''}\``);
    if (ended === 'timeout') {
      connection.bootId = undefined;
      throw deadlinePassed(node, `\`${command.argv[0] ?? ''}\``, command.timeoutMs);
    }
    const { stdout, stderr } = session.output();
    const carried = stdout.length + stderr.length + (command.stdin?.length ?? 0);
    if (ended === 'lost' || machine.cutsAfter(carried)) throw this.#lost(node, connection, stdout.length > 0);
    if (ended === 255) throw this.#failure(node, stderr, stdout.length > 0);
    await this.#carry(machine, carried);
    const durationMs = connection.usedAtMs - startedMs;
    return { exitCode: ended, stdout, stderr, durationMs };
  }

  /** What a slow wire adds: its latency both ways, and the time that the bytes take. */
  async #carry(machine: Machine, bytes: number): Promise<void> {
    const slow = machine.faults.slowWire;
    if (slow === undefined) return;
    const bytesMs = slow.bytesPerSecond === undefined ? 0 : (bytes * 1000) / slow.bytesPerSecond;
    await this.#settings.clock.sleep(2 * slow.latencyMs + bytesMs);
  }

  #lost(node: string, connection: NodeConnection, answered: boolean): AppError {
    connection.bootId = undefined;
    return this.#failure(node, 'client_loop: send disconnect: Broken pipe', answered);
  }

  /** Waits for the exit status, the deadline, the signal, or the loss of the machine, as ssh's keep-alive would notice it. */
  async #watch(
    session: RunningSession,
    machine: Machine,
    connection: NodeConnection,
    command: RemoteCommand,
  ): Promise<number | 'timeout' | 'aborted' | 'lost'> {
    const stop = new AbortController();
    const { bootId } = machine.state;
    const isCut = (): boolean => machine.state.bootId !== bootId || machine.power === 'off';
    const abort = Promise.withResolvers<'aborted'>();
    const onAbort = (): void => abort.resolve('aborted');
    command.signal?.addEventListener('abort', onAbort, { once: true });
    const broken = Promise.withResolvers<'lost'>();
    const cut = (): void => broken.resolve('lost');
    connection.cuts.add(cut);
    try {
      const first = await Promise.race([
        session.exit.then((code) => (isCut() || machine.faults.unreachable === true ? 'lost' : code)),
        this.#after(command.timeoutMs, stop.signal),
        this.#lossOf(machine, isCut, stop.signal),
        abort.promise,
        broken.promise,
      ]);
      // What a client leaves behind is hung up on.
      if (typeof first !== 'number') session.process?.kill(1);
      return first;
    } finally {
      stop.abort(new Error('the command ended'));
      connection.cuts.delete(cut);
      command.signal?.removeEventListener('abort', onAbort);
    }
  }

  async #after(ms: number, signal: AbortSignal): Promise<'timeout'> {
    await this.#wait(ms, signal);
    return 'timeout';
  }

  async #lossOf(machine: Machine, isCut: () => boolean, signal: AbortSignal): Promise<'lost'> {
    let silences = 0;
    while (silences < aliveCount) {
      await this.#wait(aliveIntervalMs, signal);
      if (isCut()) return 'lost';
      silences = isSilent(machine) || machine.faults.unreachable === true ? silences + 1 : 0;
    }
    return 'lost';
  }

  /** Never comes back once the command has ended: nobody listens any more. */
  async #wait(ms: number, signal: AbortSignal): Promise<void> {
    try {
      await this.#settings.clock.sleep(ms, signal);
    } catch (error) {
      if (!signal.aborted) throw error;
      await new Promise<never>(() => undefined);
    }
  }
}

/** A machine that takes part in nothing: connections to it are silence. */
function isSilent(machine: Machine): boolean {
  return machine.power !== 'on' || machine.faults.silent === true;
}

interface RunningSession {
  readonly process: Process | undefined;
  readonly exit: Promise<number>;
  output(): { readonly stdout: Uint8Array; readonly stderr: string };
}

function startSession(
  machine: Machine,
  user: Parameters<typeof loginOrigin>[1],
  line: string,
  command: RemoteCommand,
  dialogue: SudoDialogue | undefined,
): RunningSession {
  const out = new Pipe();
  const err = new Pipe();
  const talk = new Pipe();
  const input = typeof command.stdin === 'string' ? encodeText(command.stdin) : toByteText(command.stdin ?? noBytes);
  const files = new Map<number, OpenFile>([
    [0, dialogue === undefined ? new TextSource(input) : talk.reader],
    [1, out.writer],
    [2, err.writer],
  ]);
  const texts = { stdout: '', stderr: '' };
  let process: Process | undefined;
  let exit: Promise<number>;
  try {
    const argv = [user.shell, '-c', encodeText(line)];
    const started = run(loginOrigin(machine, user, files), argv, { newSession: true });
    process = started.process;
    exit = started.exit;
  } catch (error) {
    if (!(error instanceof ExecError)) throw error;
    texts.stderr = `${user.shell}: ${error.message}\n`;
    exit = Promise.resolve(error.status);
  } finally {
    for (const file of files.values()) file.release();
  }
  const hear = command.onStdout;
  const drained = Promise.all([
    drain(out, (chunk) => {
      texts.stdout += chunk;
      hear?.(fromByteText(chunk));
    }),
    drain(err, (chunk) => {
      texts.stderr += chunk;
      answer(talk, dialogue?.hear(fromByteText(chunk)));
    }),
  ]);
  return {
    process,
    // As sshd: the channel ends when the command has, and nobody holds its output open any more.
    exit: Promise.all([exit, drained]).then(([code]) => code),
    output: () => ({
      stdout: fromByteText(texts.stdout),
      stderr: new TextDecoder().decode(fromByteText(texts.stderr)),
    }),
  };
}

/** Hands a reply on; a program that has ended reads nothing of it. */
function answer(talk: Pipe, reply: InputReply | undefined): void {
  if (reply === undefined) return;
  const { write, end } = reply;
  const text = write === undefined ? '' : typeof write === 'string' ? encodeText(write) : toByteText(write);
  void (async () => {
    await talk.writer.write(text);
    if (end === true) talk.writer.release();
  })().catch(() => undefined);
}

const noBytes = new Uint8Array(0);

async function drain(pipe: Pipe, hear: (chunk: string) => void): Promise<void> {
  for (let chunk = await pipe.reader.read(1 << 20); chunk !== ''; chunk = await pipe.reader.read(1 << 20)) hear(chunk);
}
