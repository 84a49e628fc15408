import { AppError, type AppErrorDetails } from '@vmstation/core';

/** What is known about a failed ssh call. */
export interface SshFailure {
  readonly node: string;
  readonly destination: string;
  readonly stderr: string;
  /** True when the remote program had already answered something. */
  readonly answered: boolean;
}

type Recognised = Pick<AppErrorDetails, 'code' | 'kind' | 'message'> & Partial<AppErrorDetails>;

const beforeSession =
  /kex_exchange_identification|ssh_exchange_identification|banner exchange|Connection (?:reset|closed) by (?:remote host|\S+ port \d+)|Connection closed by UNKNOWN/;

/** True when ssh failed before it could send anything to the remote program, in a way that often passes (MaxStartups, a reset). */
export function failedBeforeSession(stderr: string): boolean {
  return beforeSession.test(stderr) && !/timed out|Permission denied/.test(stderr);
}

const refusedKeys = /Permission denied|Too many authentication failures|No supported authentication methods/;

/** True when the server let none of the offered keys in. */
export function keysRefused(stderr: string): boolean {
  return refusedKeys.test(stderr);
}

/** Turns ssh's exit 255 and its words (OpenSSH, LC_ALL=C) into a precise error. */
export function sshFailure(failure: SshFailure): AppError {
  const { node, destination } = failure;
  const said = lastWords(failure.stderr);
  const found = recognise(failure, said);
  return new AppError({ context: { node, destination, ssh: said }, ...found });
}

function recognise({ node, destination, stderr, answered }: SshFailure, said: string): Recognised {
  const at = destination === node ? node : `${node} (${destination})`;
  if (/REMOTE HOST IDENTIFICATION HAS CHANGED|Host key for \S+ has changed/.test(stderr)) {
    return {
      code: 'ssh/host-key-changed',
      kind: 'refused',
      message: `${at} shows another host key than the one this workspace trusts, so nothing was sent to it.`,
      tryThis: `If you reinstalled ${node}, compare the fingerprint at its console and run: vmstation node trust ${node}`,
      nextSteps: ['If you did not, somebody may be between you and the machine: do not go on.'],
    };
  }
  if (/host key is known for|Host key verification failed/.test(stderr)) {
    return hostKeyUnknown(node, at);
  }
  if (keysRefused(stderr)) {
    return {
      code: 'ssh/permission-denied',
      kind: 'user',
      message: `${at} did not let us in with the keys that were offered.`,
      tryThis: `ssh-copy-id ${destination}`,
      nextSteps: ['Check the user name and the identity file of this node.', ...unprotectedKey(stderr)],
    };
  }
  if (answered || /closed by remote host|Broken pipe|not responding|client_loop|mux_client/.test(stderr)) {
    return connectionLost(at, said);
  }
  if (
    /Could not resolve|Name or service not known|Connection refused|No route to host|Network is unreachable|timed out|Host is down|Connection reset|Connection closed|kex_exchange/.test(
      stderr,
    )
  ) {
    return {
      code: 'ssh/unreachable',
      kind: 'unreachable',
      message: `${at} could not be reached over SSH: ${said}`,
      tryThis: `Check that ${node} is switched on and that its address is right: ping and ssh ${destination}`,
      retryable: true,
    };
  }
  return connectionLost(at, said);
}

/** ssh/host-key-unknown: nobody has compared this machine's key yet. */
export function untrusted(node: string, destination: string): AppError {
  return new AppError({ context: { node, destination }, ...hostKeyUnknown(node, `${node} (${destination})`) });
}

function hostKeyUnknown(node: string, at: string): Recognised {
  return {
    code: 'ssh/host-key-unknown',
    kind: 'refused',
    message: `This workspace has no trusted host key of ${at} yet, so nothing was sent to it.`,
    tryThis: `vmstation node trust ${node}`,
  };
}

function connectionLost(at: string, said: string): Recognised {
  return {
    code: 'ssh/connection-lost',
    kind: 'unreachable',
    message: `The connection to ${at} ended before its command had told how it ended${said === '' ? '.' : `: ${said}`}`,
    tryThis: 'Run the same command again: what had been done is recognised, what had not is done.',
    retryable: true,
  };
}

function unprotectedKey(stderr: string): string[] {
  return /UNPROTECTED PRIVATE KEY FILE/.test(stderr)
    ? ['The private key file is readable by others: chmod 600 it.']
    : [];
}

/** The last meaningful line of ssh's messages. */
export function lastWords(stderr: string): string {
  const lines = stderr
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !/^[@*]+/.test(line));
  return lines.at(-1) ?? '';
}

/** ssh/timeout: the command's own deadline passed. */
export function deadlinePassed(node: string, what: string, timeoutMs: number): AppError {
  return new AppError({
    code: 'ssh/timeout',
    kind: 'unreachable',
    message: `${node} did not finish ${what} within ${Math.round(timeoutMs / 1000)} s; the machine may be asleep, overloaded or cut off.`,
    tryThis: 'Run the same command again; when it happens again, log in and look at the load and the disks.',
    context: { node, timeoutMs },
    retryable: true,
  });
}

/** ssh/interrupted: the operator stopped it. */
export function interrupted(node: string, what: string): AppError {
  return new AppError({
    code: 'ssh/interrupted',
    kind: 'interrupted',
    message: `${what} on ${node} was stopped before it ended.`,
    tryThis: 'Run the same command again to go on where it stopped.',
    context: { node },
  });
}

const sudoRefusals =
  /^sudo: |is not in the sudoers file|not allowed to (?:execute|run)|sudo: command not found|sudo: not found/m;

/** The error when `sudo -n` itself refused, or undefined when the command ran. */
export function sudoRefusal(node: string, exitCode: number, stdoutBytes: number, stderr: string): AppError | undefined {
  if (exitCode === 0 || stdoutBytes > 0 || !sudoRefusals.test(stderr)) return undefined;
  // "sudo: unable to resolve host" is only a warning of sudo; the command ran.
  const words = stderr.split('\n').filter((line) => sudoRefusals.test(line) && !/unable to resolve host/.test(line));
  if (words.length === 0) return undefined;
  const said = words.at(-1)?.trim() ?? '';
  // Who lacks the right is not helped by a password.
  const hasNoRight = /not in the sudoers file|not allowed to|not found/.test(said);
  return new AppError({
    code: 'ssh/no-sudo',
    kind: 'user',
    message: `The user we log in with on ${node} may not become root${hasNoRight ? '' : ' without a password'}: ${said}`,
    tryThis: hasNoRight
      ? `On ${node}, as root: echo "USER ALL=(ALL) ALL" > /etc/sudoers.d/vmstation && chmod 440 /etc/sudoers.d/vmstation`
      : `vmstation secret set sudo, and name it in vmstation.yaml, in the block ssh of ${node} or of all nodes: sudo-password: secret:sudo`,
    nextSteps: hasNoRight
      ? ['Or let vmstation log in as root.']
      : [
          `Or do without one. On ${node}, as root: echo "USER ALL=(ALL) NOPASSWD: ALL" > /etc/sudoers.d/vmstation && chmod 440 /etc/sudoers.d/vmstation`,
          'Or let vmstation log in as root.',
        ],
    context: { node },
  });
}
