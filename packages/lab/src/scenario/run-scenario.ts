import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { AppError, type Cluster } from '@vmstation/core';
import { InProcessLab } from '../composition/in-process-lab.ts';
import { runAtConsole } from '../machine/console.ts';
import { applyManifests } from './apply-manifests.ts';
import { type CommandOutcome, judgeExpectation } from './check-expectation.ts';
import { ScenarioFailure } from './scenario-failure.ts';
import type { Expectation, Scenario, ScenarioAction, ScenarioStatement } from './scenario-statement.ts';
import { showView, textLines } from './scenario-views.ts';
import { tamperWith } from './tamper.ts';

/** The product in a scenario. */
export interface ScenarioProduct {
  /** Makes a workspace, of the example or with a cluster file (absolute path), and gives its model. */
  prepare(cluster: { readonly example: true } | { readonly file: string }): Promise<Cluster>;
  /** Runs a command line in that workspace, with the lab as its stage. Text is what it prints, in order. */
  run(lab: InProcessLab, argv: readonly string[]): Promise<CommandOutcome>;
}

/** What {@link runScenario} needs besides the script. */
export interface ScenarioRun {
  readonly product: ScenarioProduct;
  /** Folder that files in the script are relative to. */
  readonly folder: string;
  /** Hears each line of the record as it comes, without newline. */
  readonly print: (line: string) => void;
}

/** How a scenario ended. */
export interface ScenarioEnd {
  readonly met: number;
  readonly notMet: number;
  /** Why the scenario was broken off before its end. */
  readonly brokenOff: string | undefined;
}

const standardStartMs = Date.parse('2026-03-02T08:00:00Z');

/** The machines are installed and booted so long before the first line. */
const bootedBeforeMs = 60_000;

/**
 * Runs a scenario: each statement is printed with its virtual time, and below it what it gave. The same script gives the same lines on any computer.
 * A statement that cannot be carried out ends it; an expectation that is not met does not.
 */
export async function runScenario(scenario: Scenario, run: ScenarioRun): Promise<ScenarioEnd> {
  const player = new ScenarioPlayer(scenario, run);
  try {
    return await player.play();
  } finally {
    await player.close();
  }
}

class ScenarioPlayer {
  readonly #scenario: Scenario;
  readonly #run: ScenarioRun;
  #lab: InProcessLab | undefined;
  #startedMs = standardStartMs;
  #last: CommandOutcome | undefined;
  readonly #failures: string[] = [];
  #tampered = 0;
  #met = 0;
  #notMet = 0;

  constructor(scenario: Scenario, run: ScenarioRun) {
    this.#scenario = scenario;
    this.#run = run;
  }

  async play(): Promise<ScenarioEnd> {
    let brokenOff: string | undefined;
    try {
      await this.#playAll(this.#scenario.statements);
    } catch (thrown) {
      if (!(thrown instanceof BrokenOff)) throw thrown;
      brokenOff = thrown.message;
    }
    const passed = this.#lab === undefined ? 0 : this.#lab.clock.now() - this.#startedMs;
    const verdict = brokenOff === undefined ? '' : ' · broken off';
    this.#run.print('');
    this.#run.print(`${durationText(passed)} · ${this.#met} expectations met, ${this.#notMet} not${verdict}`);
    return { met: this.#met, notMet: this.#notMet, brokenOff };
  }

  async close(): Promise<void> {
    await this.#lab?.close();
  }

  async #playAll(statements: readonly ScenarioStatement[]): Promise<void> {
    for (const statement of statements) {
      const { action } = statement;
      if (action.do === 'repeat') {
        for (let count = 0; count < action.times; count += 1) await this.#playAll(action.body);
      } else await this.#playOne(statement, action);
    }
  }

  async #playOne({ at, text }: ScenarioStatement, action: ScenarioAction): Promise<void> {
    const now = new Date(this.#lab?.clock.now() ?? this.#startOf(action));
    this.#run.print(`${now.toISOString().slice(0, 19).replace('T', ' ')}  ${text}`);
    try {
      const lines = await this.#act(action);
      for (const line of [...lines, ...this.#failures.splice(0)]) this.#run.print(`    ${line}`.trimEnd());
    } catch (thrown) {
      const reason = reasonOf(thrown);
      if (reason === undefined) throw thrown;
      this.#run.print(`    broken off: ${reason}`);
      throw new BrokenOff(`${this.#scenario.file}:${at.line}:${at.column}: ${reason}`);
    }
  }

  #startOf(action: ScenarioAction): number {
    return action.do === 'start' ? (action.at ?? standardStartMs) : standardStartMs;
  }

  async #act(action: ScenarioAction): Promise<readonly string[]> {
    if (action.do === 'start') return this.#start(action);
    const lab = this.#lab;
    if (lab === undefined) throw new ScenarioFailure('nothing is started yet');
    switch (action.do) {
      case 'run':
        return this.#command(lab, action.argv, action.quiet);
      case 'on':
        return this.#console(lab, action.node, action.command);
      case 'apply':
        return applyManifests(clusterOf(lab), readFileSync(resolve(this.#run.folder, action.file), 'utf8'));
      case 'advance':
        await lab.clock.advance(action.ms);
        return [];
      case 'fault':
        lab.faults.set(subjectOf(action.subject), action.words[0] ?? '', action.words.slice(1));
        return [];
      case 'clear': {
        const gone = lab.faults.clear(subjectOf(action.subject), action.kind);
        return gone.length === 0 ? ['there was none'] : [];
      }
      case 'tamper':
        return [this.#tamper(lab, action.node, action.path)];
      case 'power':
        await lab.clock.until(lab.machines.order(action.node, action.order));
        return [];
      case 'show':
        return lab.clock.until(showView(lab, action.view, action.words));
      case 'expect':
        return this.#expect(lab, action.expectation);
      default:
        throw new ScenarioFailure(`\`${action.do}\` cannot stand here`);
    }
  }

  async #start(action: Extract<ScenarioAction, { do: 'start' }>): Promise<readonly string[]> {
    if (this.#lab !== undefined) throw new ScenarioFailure('a scenario starts once');
    const { cluster } = action;
    const wanted = cluster === 'example' ? { example: true as const } : { file: resolve(this.#run.folder, cluster) };
    const model = await this.#run.product.prepare(wanted);
    this.#startedMs = this.#startOf(action);
    this.#lab = await InProcessLab.start({
      model,
      seed: this.#scenario.seed,
      startMs: this.#startedMs - bootedBeforeMs,
      onError: (what) => this.#failures.push(`the cluster failed: ${what}`),
    });
    await this.#lab.clock.advance(bootedBeforeMs);
    return [`${model.nodes.length} machines: ${model.nodes.map((node) => node.name).join(', ')}`];
  }

  async #command(lab: InProcessLab, argv: readonly string[], quiet: boolean): Promise<readonly string[]> {
    const startedMs = lab.clock.now();
    this.#last = await lab.clock.until(this.#run.product.run(lab, argv));
    const took = durationText(lab.clock.now() - startedMs);
    const shown = quiet ? [] : textLines(this.#last.text);
    return [...shown, `= exit ${this.#last.exitCode}, ${took}`];
  }

  async #console(lab: InProcessLab, node: string, command: string): Promise<readonly string[]> {
    const argv = ['sh', '-c', command];
    const { exitCode, stdout, stderr } = await lab.clock.until(runAtConsole(lab.machines.get(node), { argv }));
    const text = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes)).join('');
    return [...textLines(text), ...(exitCode === 0 ? [] : [`= exit ${exitCode}`])];
  }

  #tamper(lab: InProcessLab, node: string, path: string | undefined): string {
    this.#tampered += 1;
    const random = lab.random(`tamper ${this.#tampered}`);
    return tamperWith(lab.machines.get(node), path, { random, sinceMs: this.#startedMs - 1 });
  }

  async #expect(lab: InProcessLab, expectation: Expectation): Promise<readonly string[]> {
    if (expectation.about === 'drift') {
      const { exitCode } = await lab.clock.until(this.#run.product.run(lab, ['drift']));
      return this.#judged(exitCode === expectation.code, `exit ${exitCode}`);
    }
    const { met, seen } = judgeExpectation(lab, expectation, this.#last);
    return this.#judged(met, seen);
  }

  #judged(met: boolean, seen: string): readonly string[] {
    if (met) this.#met += 1;
    else this.#notMet += 1;
    return [met ? 'met' : `NOT MET: ${seen}`];
  }
}

/** Ends the play; says at which line and why. */
class BrokenOff extends Error {}

function reasonOf(thrown: unknown): string | undefined {
  if (thrown instanceof ScenarioFailure) return thrown.message;
  return thrown instanceof AppError && thrown.kind !== 'bug' ? thrown.message : undefined;
}

function clusterOf(lab: InProcessLab): NonNullable<InProcessLab['cluster']> {
  if (lab.cluster === undefined) throw new ScenarioFailure('there is no cluster yet');
  return lab.cluster;
}

function subjectOf(word: string): { readonly node: string } | 'api' {
  return word === 'api' ? 'api' : { node: word };
}

/** `7 d 2 h 10 min`, `9 min 59 s`, `12 s`, `0.5 s`. */
function durationText(ms: number): string {
  if (ms < 60_000) return `${ms % 1000 === 0 ? ms / 1000 : (ms / 1000).toFixed(1)} s`;
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 60) return `${minutes} min ${Math.floor((ms % 60_000) / 1000)} s`;
  const parts = [
    [Math.floor(minutes / 1440), 'd'],
    [Math.floor(minutes / 60) % 24, 'h'],
    [minutes % 60, 'min'],
  ] as const;
  return parts.flatMap(([count, unit]) => (count === 0 ? [] : [`${count} ${unit}`])).join(' ');
}
