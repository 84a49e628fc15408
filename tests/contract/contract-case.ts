import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

/** Where a contract is tried: the lab's own machines and cluster, real ones that share a kernel, or guests with a kernel of their own. */
export type SideName = 'embedded' | 'hosts' | 'guests';

/** One promise that both sides of a port keep. Cases hold no state: each makes what it needs and takes it away again. */
export interface ContractCase<Subject> {
  /** Unique in its contract, in the words of what is promised. */
  readonly title: string;
  /** Why this subject is no place to try the case (another version, a missing part); undefined where it is one. */
  readonly unfit?: (subject: Subject) => string | undefined;
  /** Throws (by `expect`) where the promise is broken. */
  readonly run: (subject: Subject) => Promise<void>;
  /** A side that cannot keep it, and why. It is tried there all the same: a case that holds after all fails until its entry is gone. */
  readonly cannot?: Partial<Readonly<Record<SideName, string>>>;
}

/** A port's promises. */
export interface Contract<Subject> {
  /** As operators know the part: `Transport`, `Kubernetes API`. */
  readonly port: string;
  readonly cases: readonly ContractCase<Subject>[];
}

/** One line of the table that a run prints. */
export interface ContractResult {
  readonly port: string;
  readonly title: string;
  readonly side: SideName;
  readonly outcome: 'kept' | 'cannot' | 'broken' | 'unfit';
  readonly reason?: string;
}

/** Names the folder to which results are added, one JSON line each; set by whoever prints the table. */
export const resultsFolder = 'VMSTATION_CONTRACT_RESULTS';

/**
 * Registers one test for each case of a contract on one side.
 * @param subject Called in each test: what a suite sets up beforehand is not there while tests are registered.
 */
export function holdToContract<Subject>(contract: Contract<Subject>, side: SideName, subject: () => Subject): void {
  const titles = contract.cases.map(({ title }) => title);
  const repeated = titles.filter((title, index) => titles.indexOf(title) !== index);
  if (repeated.length > 0) throw new Error(`${contract.port} promises twice: ${repeated.join(', ')}`);
  describe(`${contract.port} (${side})`, () => {
    test.for(contract.cases)('$title', async (entry, { skip }) => {
      const { title } = entry;
      const unfit = entry.unfit?.(subject());
      if (unfit !== undefined) {
        record({ port: contract.port, title, side, outcome: 'unfit', reason: unfit });
        skip(unfit);
      }
      const failure = await failureOf(() => entry.run(subject()));
      const reason = entry.cannot?.[side];
      const known = { port: contract.port, title, side };
      if (reason === undefined) {
        record({ ...known, outcome: failure === undefined ? 'kept' : 'broken' });
        if (failure !== undefined) throw failure.error;
        return;
      }
      record({ ...known, outcome: failure === undefined ? 'broken' : 'cannot', reason });
      expect(failure, `holds on ${side} after all; take out "${reason}"`).toBeDefined();
    });
  });
}

async function failureOf(run: () => Promise<void>): Promise<{ readonly error: unknown } | undefined> {
  try {
    await run();
    return undefined;
  } catch (error) {
    return { error };
  }
}

function record(result: ContractResult): void {
  const folder = process.env[resultsFolder];
  if (folder === undefined) return;
  appendFileSync(join(folder, `${process.pid}.ndjson`), `${JSON.stringify(result)}\n`);
}
