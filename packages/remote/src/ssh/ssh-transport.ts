import { existsSync } from 'node:fs';
import { AppError, type RemoteCommand, type RemoteResult, type Transport } from '@vmstation/core';
import { mayKnowHost } from '../known-hosts/known-hosts.ts';
import { type ChildResult, runChild } from '../process/child.ts';
import { quoteForLoginShell } from '../quote.ts';
import { SudoDialogue } from '../sudo/sudo-dialogue.ts';
import { type SudoPassword, type SudoTurn, SudoTurns } from '../sudo/sudo-turns.ts';
import { endSharedConnection } from './end-shared-connection.ts';
import { type SharedConnection, withSession } from './shared-connection.ts';
import {
  deadlinePassed,
  failedBeforeSession,
  interrupted,
  keysRefused,
  sshFailure,
  sudoRefusal,
  untrusted,
} from './ssh-failure.ts';
import { controlPathOf, type OfferedKeys, type SshSettings, sshDestination, sshOptions } from './ssh-options.ts';

/** What a connection that an earlier process left has for its answer: the machine may sleep since, or have started again. */
const keptAnswerMs = 3000;

interface NodeState extends SharedConnection {
  user: Promise<string> | undefined;
  /** The operator's as soon as the node has let those in and not the workspace's: before setup has brought that key there. */
  keys: OfferedKeys;
}

/** What is started on the node, and how one talks with it. */
interface Started {
  readonly argv: readonly string[];
  readonly dialogue?: SudoDialogue;
}

/**
 * Reaches nodes by the system's OpenSSH, one multiplexed connection a node, strict host keys from the workspace's own file.
 * A node that refuses the workspace's key is offered the operator's own keys: the first contact, before setup brought ours there.
 * Arguments are quoted for the remote shell; `elevate` becomes `sudo -n` unless the login is root, or a sudo that is given its password
 * where the settings have one.
 * Throws what {@link Transport} says; exit status 255 of a remote program cannot be told from ssh's own and counts as ssh/connection-lost.
 */
export function openSshTransport(settings: SshSettings): Transport {
  return new OpenSshTransport(settings);
}

class OpenSshTransport implements Transport {
  readonly counters = { roundTrips: 0, connections: 0 };
  readonly #settings: SshSettings;
  readonly #ssh: string;
  readonly #nodes = new Map<string, NodeState>();
  readonly #turns = new SudoTurns();

  constructor(settings: SshSettings) {
    this.#settings = settings;
    this.#ssh = settings.sshBinary ?? 'ssh';
  }

  async run(node: string, command: RemoteCommand): Promise<RemoteResult> {
    const what = `\`${command.argv[0] ?? ''}\``;
    if (command.signal?.aborted === true) throw interrupted(node, what);
    // An address of the model is not even dialled before somebody has introduced the machine behind it.
    if (!mayKnowHost(this.#settings.knownHostsFile, node)) {
      throw untrusted(node, sshDestination(this.#settings, node));
    }
    if (command.elevate !== true || (await this.#loginUser(node, this.#stateOf(node))) === 'root')
      return this.#ended(node, command, () => ({ argv: command.argv }));
    const password = await this.#settings.sudoPassword?.(node);
    if (password === undefined) return this.#runAsRoot(node, command);
    return this.#turns.take(node, (turn) => this.#runWithPassword(node, command, password, turn));
  }

  /** Where sudo asks for nothing. */
  async #runAsRoot(node: string, command: RemoteCommand): Promise<RemoteResult> {
    const result = await this.#ended(node, command, () => ({ argv: ['sudo', '-n', '--', ...command.argv] }));
    const refusal = sudoRefusal(node, result.exitCode, result.stdout.length, result.stderr);
    if (refusal !== undefined) throw refusal;
    return result;
  }

  async #runWithPassword(
    node: string,
    command: RemoteCommand,
    password: SudoPassword,
    turn: SudoTurn,
  ): Promise<RemoteResult> {
    const { argv, stdin } = command;
    let dialogue: SudoDialogue | undefined;
    // Each attempt of ssh is a new talk with a sudo of its own.
    const result = await this.#ended(node, command, () => {
      dialogue = new SudoDialogue({ node, argv, stdin, password, onRoot: turn.accepted });
      return { argv: dialogue.argv, dialogue };
    });
    const refusal = dialogue?.refusal(result.exitCode);
    if (refusal !== undefined) throw refusal;
    return { ...result, stderr: dialogue?.stderr ?? result.stderr };
  }

  /** How a command ended, whatever its exit status; throws where nobody knows. */
  async #ended(node: string, command: RemoteCommand, start: () => Started): Promise<RemoteResult> {
    const what = `\`${command.argv[0] ?? ''}\``;
    let result = (await this.#overKept(node, command, start)) ?? (await this.#attempt(node, command, start()));
    if (nothingWasSent(result)) result = await this.#attempt(node, command, start());
    if (this.#mayOfferOthers(node) && wasRefused(result)) {
      const other = await this.#attempt(node, command, start(), 'operator');
      if (!wasRefused(other)) {
        this.#stateOf(node).keys = 'operator';
        result = other;
      }
    }
    if (result.ended === 'aborted') throw interrupted(node, what);
    if (result.ended === 'timeout') {
      // The connection may hang as a whole (a sleeping machine); the next command shall not wait behind it.
      await this.#endConnection(node, this.#stateOf(node));
      throw deadlinePassed(node, what, command.timeoutMs);
    }
    const { exitCode, stdout, stderr, durationMs } = result;
    if (exitCode === 255) {
      const answered = stdout.length > 0;
      throw sshFailure({ node, destination: sshDestination(this.#settings, node), stderr, answered });
    }
    return { exitCode, stdout, stderr, durationMs };
  }

  /** The result over a connection that an earlier process left open; undefined where there is none, or none that still leads anywhere. */
  async #overKept(node: string, command: RemoteCommand, start: () => Started): Promise<ChildResult | undefined> {
    const state = this.#stateOf(node);
    const isKept = this.#settings.keepConnections === true && !state.opened && existsSync(state.controlPath);
    if (!isKept || command.freshConnection === true) return undefined;
    const timeoutMs = Math.min(command.timeoutMs, keptAnswerMs);
    const result = await this.#attempt(node, { ...command, timeoutMs }, start());
    if (result.ended !== 'timeout' && !(result.ended === 'exit' && result.exitCode === 255)) return result;
    await this.#endConnection(node, state);
    return undefined;
  }

  async close(): Promise<void> {
    if (this.#settings.keepConnections === true) return;
    const ours = [...this.#nodes].filter(([, state]) => state.opened);
    await Promise.all(ours.map(([node, state]) => this.#endConnection(node, state)));
  }

  /** With an ssh_config of the lab, or after they were let in, there are no other keys. */
  #mayOfferOthers(node: string): boolean {
    const { configFile, nodes } = this.#settings;
    return (
      configFile === undefined && nodes[node]?.identityFile !== undefined && this.#stateOf(node).keys === 'workspace'
    );
  }

  async #attempt(
    node: string,
    command: RemoteCommand,
    { argv, dialogue }: Started,
    keys: OfferedKeys = this.#stateOf(node).keys,
  ): Promise<ChildResult> {
    const state = this.#stateOf(node);
    const fresh = command.freshConnection === true;
    const line = [
      ...sshOptions(this.#settings, node, fresh ? undefined : state.controlPath, keys),
      '--',
      sshDestination(this.#settings, node),
      quoteForLoginShell(argv),
    ];
    this.counters.roundTrips += 1;
    if (!fresh) return withSession(state, this.counters, () => this.#spawn(line, command, dialogue));
    this.counters.connections += 1;
    return this.#spawn(line, command, dialogue);
  }

  async #spawn(
    args: readonly string[],
    command: Omit<RemoteCommand, 'argv'>,
    dialogue?: SudoDialogue,
  ): Promise<ChildResult> {
    const result = await runChild([this.#ssh, ...args], {
      env: { ...process.env, LC_ALL: 'C' },
      timeoutMs: command.timeoutMs,
      ...(dialogue === undefined ? {} : { dialogue }),
      ...(command.stdin === undefined ? {} : { stdin: command.stdin }),
      ...(command.signal === undefined ? {} : { signal: command.signal }),
      ...(command.onStdout === undefined ? {} : { onStdout: command.onStdout }),
    });
    if (result.ended === 'missing') throw clientMissing(this.#ssh, result.startError);
    return result;
  }

  /** The user name that ssh will log in with: what the destination says wins, else ssh's own reading of its configuration. */
  #loginUser(node: string, state: NodeState): Promise<string> {
    const { configFile, nodes } = this.#settings;
    const told = configFile === undefined ? nodes[node]?.user : undefined;
    if (told !== undefined) return Promise.resolve(told);
    const args = [...sshOptions(this.#settings, node, undefined), '-G', '--', sshDestination(this.#settings, node)];
    state.user ??= this.#spawn(args, { timeoutMs: 10_000 }).then(
      (result) => /^user (.*)$/m.exec(result.stdout.toString('utf8'))?.[1] ?? '',
    );
    return state.user;
  }

  async #endConnection(node: string, state: NodeState): Promise<void> {
    if (!existsSync(state.controlPath)) return;
    if (!(await endSharedConnection(state.controlPath))) {
      const options = sshOptions(this.#settings, node, state.controlPath);
      await this.#spawn([...options, '-O', 'exit', '--', sshDestination(this.#settings, node)], { timeoutMs: 3000 });
    }
    state.opened = false;
  }

  #stateOf(node: string): NodeState {
    const known = this.#nodes.get(node);
    if (known !== undefined) return known;
    const controlPath = controlPathOf(this.#settings, node);
    const made: NodeState = {
      controlPath,
      opening: undefined,
      opened: false,
      user: undefined,
      keys: 'workspace',
      running: 0,
      waiting: [],
    };
    this.#nodes.set(node, made);
    return made;
  }
}

function wasRefused({ ended, exitCode, stdout, stderr }: ChildResult): boolean {
  return ended === 'exit' && exitCode === 255 && stdout.length === 0 && keysRefused(stderr);
}

function nothingWasSent(result: ChildResult): boolean {
  return (
    result.ended === 'exit' &&
    result.exitCode === 255 &&
    result.stdout.length === 0 &&
    failedBeforeSession(result.stderr)
  );
}

function clientMissing(ssh: string, why: string | undefined): AppError {
  return new AppError({
    code: 'ssh/client-missing',
    kind: 'environment',
    message: `The OpenSSH client (${ssh}) could not be started on this computer: ${why ?? 'not found'}`,
    tryThis: 'Install it: apt install openssh-client, dnf install openssh-clients, or the optional feature on Windows.',
    context: { program: ssh },
  });
}
