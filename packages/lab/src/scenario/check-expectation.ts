import type { InProcessLab } from '../composition/in-process-lab.ts';
import { isPodReady } from '../kubernetes/controllers/pod-factory.ts';
import { ScenarioFailure } from './scenario-failure.ts';
import type { Expectation } from './scenario-statement.ts';

/** What the last product command left. */
export interface CommandOutcome {
  readonly exitCode: number;
  readonly text: string;
}

/** What an expectation was measured against. */
export interface ExpectationVerdict {
  readonly met: boolean;
  readonly seen: string;
}

/** Judges an expectation by what is there now. Throws ScenarioFailure when it cannot be judged at all. */
export function judgeExpectation(
  lab: InProcessLab,
  expectation: Exclude<Expectation, { about: 'drift' }>,
  last: CommandOutcome | undefined,
): ExpectationVerdict {
  switch (expectation.about) {
    case 'exit': {
      const { exitCode } = done(last);
      return { met: exitCode === expectation.code, seen: `exit ${exitCode}` };
    }
    case 'output': {
      const found = done(last).text.includes(expectation.text);
      return { met: found !== expectation.absent, seen: found ? 'it is in the output' : 'it is not in the output' };
    }
    case 'pods':
      return judgePods(lab, expectation);
    case 'node':
      return judgeNode(lab, expectation);
    case 'power': {
      const { power } = lab.machines.get(expectation.node);
      return { met: power === expectation.state, seen: power };
    }
    case 'jobs':
      return judgeJobs(lab, expectation);
    case 'file': {
      const found = lab.machines.get(expectation.node).files.find(expectation.path) !== undefined;
      return { met: found === expectation.present, seen: found ? 'present' : 'absent' };
    }
    default:
      return expectation satisfies never;
  }
}

function done(last: CommandOutcome | undefined): CommandOutcome {
  if (last === undefined) throw new ScenarioFailure('no command has run yet');
  return last;
}

function storeOf(lab: InProcessLab): NonNullable<InProcessLab['cluster']>['store'] {
  if (lab.cluster === undefined) throw new ScenarioFailure('there is no cluster yet');
  return lab.cluster.store;
}

function judgePods(lab: InProcessLab, wanted: Extract<Expectation, { about: 'pods' }>): ExpectationVerdict {
  const all = storeOf(lab).list('pods', wanted.namespace ?? '');
  const alive = all.filter(({ status }) => status?.phase !== 'Succeeded' && status?.phase !== 'Failed');
  const count = (wanted.ready ? alive.filter(isPodReady) : alive).length;
  return { met: count === wanted.count, seen: `${count}` };
}

function judgeNode(lab: InProcessLab, wanted: Extract<Expectation, { about: 'node' }>): ExpectationVerdict {
  const node = storeOf(lab).get('nodes', '', wanted.node);
  if (node === undefined) return { met: false, seen: 'the cluster has no such node' };
  const status = node.status?.conditions?.find(({ type }) => type === 'Ready')?.status ?? 'Unknown';
  return { met: (status === 'True') === wanted.ready, seen: status === 'True' ? 'ready' : 'not-ready' };
}

function judgeJobs(lab: InProcessLab, wanted: Extract<Expectation, { about: 'jobs' }>): ExpectationVerdict {
  const jobs = storeOf(lab)
    .list('jobs.batch')
    .filter(({ metadata }) => metadata.ownerReferences?.some(({ name }) => name === wanted.cronJob));
  const count = jobs.filter(({ status }) => (status?.succeeded ?? 0) > 0).length;
  return { met: wanted.orMore ? count >= wanted.count : count === wanted.count, seen: `${count}` };
}
