import { AppError, type Secret } from '@vmstation/core';

/** What sudo is told when it asks. */
export interface SudoPassword {
  /** Name of the secret, for messages. */
  readonly name: string;
  readonly value: Secret;
}

/** Finds the password that sudo asks the login user of a node for; undefined: it asks for none. */
export type SudoPasswords = (node: string) => Promise<SudoPassword | undefined>;

/** One command's turn at the sudo of a node. */
export interface SudoTurn {
  /** The password was taken, or none was asked for: others need not wait any more. */
  readonly accepted: () => void;
}

interface Known {
  accepted: boolean;
  refused: AppError | undefined;
  /** Settles when the first one is through, however. */
  first: Promise<void> | undefined;
}

/**
 * A wrong password is tried once on a node, not by each of the commands that run there side by side: machines lock accounts after a few failures. So the
 * first command goes alone, and after a refusal no other one goes at all.
 */
export class SudoTurns {
  readonly #known = new Map<string, Known>();

  /** Runs a command when it is its turn. Throws what it throws, and an earlier ssh/sudo-password of that node. */
  async take<T>(node: string, run: (turn: SudoTurn) => Promise<T>): Promise<T> {
    const known = this.#of(node);
    while (!known.accepted && known.first !== undefined) await known.first;
    if (known.refused !== undefined) throw known.refused;
    const through = Promise.withResolvers<void>();
    if (!known.accepted) known.first = through.promise;
    const accepted = (): void => {
      known.accepted = true;
      through.resolve();
    };
    try {
      return await run({ accepted });
    } catch (thrown) {
      if (thrown instanceof AppError && thrown.code === 'ssh/sudo-password') known.refused = thrown;
      throw thrown;
    } finally {
      if (known.first === through.promise) known.first = undefined;
      through.resolve();
    }
  }

  #of(node: string): Known {
    const known = this.#known.get(node) ?? { accepted: false, refused: undefined, first: undefined };
    this.#known.set(node, known);
    return known;
  }
}
