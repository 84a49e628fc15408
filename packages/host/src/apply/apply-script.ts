import type { UnitAction } from '@vmstation/core';
import { quoteArgument } from '@vmstation/remote';
import type { NodeFolders } from '../observe/check-script.ts';
import { type Observations, owedName, Unreadable } from '../observe/observations.ts';
import type { LockTerms } from '../rollback/rollback-script.ts';
import { candidateFunctions } from '../script/candidate-functions.ts';
import { placeFunctions } from '../script/place-functions.ts';
import { durably, sharedFunctions } from '../script/prelude.ts';
import { recordFunctions } from '../script/record-functions.ts';
import { feed, ShellText, sh, writeContent } from '../script/shell-text.ts';
import { stepFunctions } from '../script/step-functions.ts';
import type { ApplyStep } from './batches.ts';

/** First words of an apply's records; the number changes with the format. */
export const applyGreeting = 'vmstation-apply 1';

/** What an apply script is made for. */
export interface ApplyScriptRequest {
  readonly runId: string;
  readonly nonce: string;
  readonly folders: NodeFolders;
  readonly steps: readonly ApplyStep[];
  readonly seen: Observations;
  readonly settleSeconds: number;
  readonly lock: LockTerms;
}

/**
 * One script with all changes of a node in their order. First every path is kept and every precondition checked, then each step
 * runs by itself, then what was notified is restarted once and watched for a while. Records go to stdout as they happen and, with
 * everything that a rollback needs, to `runs/RUN` in the state folder. Everything stands in a function: a script that arrives
 * cut off does nothing at all.
 */
export function applyScript(request: ApplyScriptRequest): string {
  const { steps, folders, nonce, runId } = request;
  const keeps = keptPaths(steps);
  return `${[
    '# vmstation: changes this machine',
    `N=${quoteArgument(nonce)}; STATE=${quoteArgument(folders.state)}; RUN=''; BAD=''; WATCH=''; UNSETTLED=''; MAKES=yes`,
    sharedFunctions,
    placeFunctions,
    candidateFunctions,
    recordFunctions,
    stepFunctions,
    ...steps.map((step) => `change_${step.number}() {\n${body(step)}\n}`),
    '# Runs a function with all paths that this run may change, in the order of their keys.',
    `of_kept() {\n"$@"${[...keeps.keys()].map((path) => ` \\\n  ${quoteArgument(path)}`).join('')}\n}`,
    'prepare() {',
    'set -e',
    // By a program, because a shell's word for a full disk is only "I/O error". It stays until the run has come to its end.
    'printf "%s\\n" "$N" | cat >"$RUN/nonce"; : >"$RUN/of.$N"',
    'take_number',
    'of_kept keep',
    ...sharedKeys(steps, keeps).map((key) => `: >"$RUN/shared.${key}"`),
    ...steps.flatMap((step) => prepare(step, keeps, request.nonce)),
    // The way in is taken back by the next start, should the current fail while it is changed: from what is on the disk by then.
    ...(steps.some(isGuarded) ? ['sync -f "$RUN"'] : []),
    '}',
    'main() {',
    `say ${quoteArgument(applyGreeting)}`,
    open(runId, request.lock),
    'ME=$(id -u):$(id -g)',
    // Not as a condition: there, `set -e` has no effect.
    'w=$( ( prepare ) 2>&1 ); r=$?',
    'if [ "$r" -ne 0 ]; then unlock; cannot "$w"; fi',
    'of_kept survey',
    ...steps.flatMap((step) => preconditions(step, request.seen)),
    ...inOrder(steps),
    ...finish(steps, request.settleSeconds),
    durably,
    'rm -f "$RUN/nonce"',
    'unlock',
    "say 'done'",
    '}',
    'main </dev/null',
  ].join('\n')}\n`;
}

/** The handlers of all steps: each unit once, a restart before a reload of the same unit. */
export function handlersOf(steps: readonly ApplyStep[]): readonly UnitAction[] {
  const all = steps.flatMap((step) => step.resources.flatMap(({ resource }) => resource.notifies ?? []));
  const unique = new Map(all.map((action) => [owedName(action), action]));
  return [...unique.values()].toSorted((a, b) => Number(a.action === 'reload') - Number(b.action === 'reload'));
}

function body(step: ApplyStep): string {
  const owed = step.resources
    .flatMap(({ resource }) => resource.notifies ?? [])
    .map((action) => sh`owe ${owedName(action)}`);
  const begun = isGuarded(step) ? [sh`sync "$RUN/order"`] : [];
  const text = [...begun, ...owed, step.fragment.change].map((part) => part.text).join('\n');
  // A function without a command is no shell.
  return text.trim() === '' ? ':' : text;
}

function isGuarded({ resources }: ApplyStep): boolean {
  return resources.some(({ resource }) => resource.guard !== undefined);
}

function open(runId: string, lock: LockTerms): string {
  return [
    'mkdir -p "$STATE/runs" "$STATE/owed"; chmod 0700 "$STATE" "$STATE/runs" "$STATE/owed"',
    sh`lock ${lock.waitSeconds} ${runId} ${lock.holder}`.text,
    'sweep_interrupted',
    sh`B="$STATE/runs/"${runId}; mkdir -p "$B"; i=1; while [ -e "$B/$i" ]; do i=$((i+1)); done; RUN="$B/$i"; if ! w=$(mkdir "$RUN" 2>&1); then unlock; cannot "$w"; fi`
      .text,
  ].join('\n');
}

function keptPaths(steps: readonly ApplyStep[]): ReadonlyMap<string, number> {
  const paths = new Set(steps.flatMap(({ fragment }) => fragment.keeps));
  return new Map([...paths].map((path, index) => [path, index + 1]));
}

/** Keys of the files that every step changes in parts only. */
function sharedKeys(steps: readonly ApplyStep[], keeps: ReadonlyMap<string, number>): readonly number[] {
  return [...keeps].flatMap(([path, key]) =>
    steps.every(({ fragment }) => fragment.shared === true || !fragment.keeps.includes(path)) ? [key] : [],
  );
}

/** What a rollback needs of a step, written before anything is touched. */
function prepare(step: ApplyStep, keeps: ReadonlyMap<string, number>, nonce: string): string[] {
  const { number, fragment, resources } = step;
  const restart = resources
    .flatMap(({ resource }) => resource.notifies ?? [])
    .map((one) => `${one.action} ${one.unit}`);
  return [
    record(
      'ids',
      number,
      resources.map(({ id }) => id),
    ),
    record(
      'keeps',
      number,
      fragment.keeps.map((path) => String(keeps.get(path))),
    ),
    record('notifies', number, restart),
    ...(fragment.reloadsUnits === true ? [`: >"$RUN/reload.${number}"`] : []),
    ...(fragment.secret === true ? [`: >"$RUN/secret.${number}"`] : []),
    script('undo', number, fragment.undo, nonce),
    script('undo-after', number, fragment.undoAfter, nonce),
  ].filter((line) => line !== '');
}

/** A step is only right for what was seen when it was decided. */
function preconditions({ number, fragment }: ApplyStep, seen: Observations): string[] {
  return [
    ...fragment.keeps.map((path) => sh`unless_moved ${number} ${path} ${stateSeen(seen, path)}`.text),
    ...(fragment.expects ?? []).map(
      (expected) => sh`unless_changed ${number} "$(${expected.show})" ${expected.seen}`.text,
    ),
  ];
}

/** One that went away between two looks at it has a state that nothing is in: its step is not begun, and the others are. */
function stateSeen(seen: Observations, path: string): string {
  try {
    return seen.stateOf(path);
  } catch (error) {
    if (error instanceof Unreadable) return 'what could not be read';
    throw error;
  }
}

function record(name: string, number: number, values: readonly string[]): string {
  return values.length === 0 ? '' : sh`printf '%s\n' ${values} >"$RUN/${new ShellText(`${name}.${number}`)}"`.text;
}

function script(name: string, number: number, source: ShellText | undefined, nonce: string): string {
  if (source === undefined || source.text === '') return '';
  const file = new ShellText(`"$RUN/${name}.${number}"`);
  const text = `${source.text}\n`;
  const short = isShort(text) ? feed(sh`note >${file}`, text, `UNDO_${nonce}`) : undefined;
  return (short ?? writeContent(file, text, `UNDO_${nonce}`)).text;
}

/** What `note` takes: a shell reads byte by byte, and not every shell all bytes. */
function isShort(text: string): boolean {
  return text.length < 1000 && /^[\t\n -~]*$/.test(text);
}

const usesUnits: ReadonlySet<string> = new Set(['service', 'mount', 'command']);

/** Steps in order. systemd reads its unit files again before the first one that needs what changed in them, and once for all that were enabled. */
function inOrder(steps: readonly ApplyStep[]): string[] {
  const parts: string[] = [];
  let pending: number[] = [];
  const enabled: number[] = [];
  const reload = (): void => {
    if (pending.length > 0) parts.push(reloadUnits(pending));
    pending = [];
  };
  for (const step of steps) {
    if (step.resources.some(({ resource }) => usesUnits.has(resource.kind))) reload();
    parts.push(`step ${[step.number, ...step.dependsOn].join(' ')}`);
    if (step.fragment.reloadsUnits === true) pending.push(step.number);
    if (step.fragment.enablesUnits === true) enabled.push(step.number);
  }
  pending = [...pending, ...enabled];
  reload();
  return parts;
}

function reloadUnits(numbers: readonly number[]): string {
  return [
    '[ ! -d /run/systemd/system ] || systemctl daemon-reload >"$RUN/log.reload" 2>&1 || {',
    'tell "$RUN/log.reload"',
    ...numbers.map((number) => `BAD="$BAD ${number}"; say "end ${number} failed 1"`),
    '}',
  ].join('\n');
}

function finish(steps: readonly ApplyStep[], settleSeconds: number): string[] {
  const handlers = handlersOf(steps);
  return [
    ...handlers.map(({ action, unit }) => sh`handle ${action} ${unit}`.text),
    `settle ${settleSeconds}`,
    ...handlers.map(({ action, unit }) => sh`paid ${action} ${unit}`.text),
    'of_kept left',
  ];
}
