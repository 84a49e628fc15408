import { existsSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { AppError } from '@vmstation/core';

const root = '/sys/fs/cgroup';
const longestMs = 10_000;

/** A group whose processes stand still, and the words in which the kernel wants it and says it (cgroups(7), freezer; cgroup-v2, cgroup.freeze). */
interface Freezer {
  readonly order: string;
  readonly answer: string;
  readonly words: {
    readonly frozen: readonly [order: string, answer: string];
    readonly thawed: readonly [string, string];
  };
}

const words = {
  v1: { frozen: ['FROZEN', 'FROZEN'], thawed: ['THAWED', 'THAWED'] },
  v2: { frozen: ['1', 'frozen 1'], thawed: ['0', 'frozen 0'] },
} as const;

function freezerOf(lab: string, machine: string): Freezer | undefined {
  const v1 = `${root}/freezer/${lab}/${machine}/freezer.state`;
  if (existsSync(v1)) return { order: v1, answer: v1, words: words.v1 };
  const v2 = [`${root}/${lab}/${machine}`, `${root}/unified/${lab}/${machine}`].find((group) =>
    existsSync(`${group}/cgroup.freeze`),
  );
  return v2 === undefined
    ? undefined
    : { order: `${v2}/cgroup.freeze`, answer: `${v2}/cgroup.events`, words: words.v2 };
}

/** Stops every process of a machine where it stands, or lets all go on; returns when the kernel says so. Throws lab/machine-not-frozen. */
export async function setFrozen(lab: string, machine: string, state: 'frozen' | 'thawed'): Promise<void> {
  const freezer = freezerOf(lab, machine);
  if (freezer === undefined) {
    if (state === 'thawed') return;
    throw notFrozen(machine, state, 'this computer has no freezer control group');
  }
  const [order, answer] = freezer.words[state];
  const deadline = Date.now() + longestMs;
  for (;;) {
    // The v1 freezer may have to be asked again while processes fork.
    await writeFile(freezer.order, order);
    const said = await readFile(freezer.answer, 'utf8');
    if (said.split('\n').includes(answer)) return;
    if (Date.now() > deadline) throw notFrozen(machine, state, said.trim());
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Lets every machine of a lab go on, as far as there are any: frozen processes do not even die. */
export async function thawAll(lab: string): Promise<void> {
  for (const folder of [`${root}/freezer/${lab}`, `${root}/${lab}`, `${root}/unified/${lab}`]) {
    if (!existsSync(folder)) continue;
    const entries = await readdir(folder, { withFileTypes: true });
    for (const entry of entries) if (entry.isDirectory()) await setFrozen(lab, entry.name, 'thawed');
  }
}

function notFrozen(machine: string, state: string, said: string): AppError {
  return new AppError({
    code: 'lab/machine-not-frozen',
    kind: 'environment',
    message: `The processes of ${machine} could not be ${state}: ${said}`,
    tryThis: 'Suspend of real machines needs the freezer of control groups, which every Debian kernel has.',
  });
}
