import { randomBytes } from 'node:crypto';
import type { ContractCase } from '../../contract-case.ts';
import { versionHolds } from '../server-version.ts';
import {
  type KubectlEnd,
  type KubectlSubject,
  type RunningKubectl,
  runKubectl,
  startKubectl,
} from './kubectl-subject.ts';

export type KubectlCase = ContractCase<KubectlSubject>;

/** What a case says besides its title. */
export interface KubectlTerms {
  /** Range of the server's minor versions; default `>=1.20`. */
  readonly holds?: string;
  /** True where a container must come to its end. */
  readonly needsEndingImage?: boolean;
  readonly cannot?: KubectlCase['cannot'];
}

/** A case's kubectl: every run is in the case's own namespace. */
export class CaseKubectl {
  readonly subject: KubectlSubject;
  readonly namespace: string;
  readonly #cleanups: (() => Promise<unknown>)[] = [];

  constructor(subject: KubectlSubject) {
    this.subject = subject;
    this.namespace = this.name('case');
  }

  /** A name that nobody else has. */
  name(part: string): string {
    return `kubectl-${part}-${randomBytes(3).toString('hex')}`;
  }

  /** Runs kubectl, however it ends. */
  run(args: readonly string[], input = ''): Promise<KubectlEnd> {
    return runKubectl(this.subject, ['--namespace', this.namespace, ...args], input);
  }

  /** What kubectl prints to stdout. Rejects when it does not end with exit code 0. */
  async ok(args: readonly string[], input = ''): Promise<string> {
    const { exitCode, stdout, stderr } = await this.run(args, input);
    if (exitCode !== 0)
      throw new Error(`kubectl ${args.join(' ')} ended with exit code ${exitCode}: ${stderr}${stdout}`);
    return stdout;
  }

  /** What kubectl says on stderr when it fails with exit code 1. Rejects when it does not. */
  async refused(args: readonly string[], input = ''): Promise<string> {
    const { exitCode, stdout, stderr } = await this.run(args, input);
    if (exitCode !== 1)
      throw new Error(`kubectl ${args.join(' ')} ended with exit code ${exitCode}: ${stderr}${stdout}`);
    return stderr;
  }

  /** `apply -f -` of manifests. */
  apply(manifests: string, ...flags: string[]): Promise<string> {
    return this.ok(['apply', '-f', '-', ...flags], manifests);
  }

  /** A value by jsonpath. */
  value(target: string, path: string): Promise<string> {
    return this.ok(['get', ...target.split(' '), '-o', `jsonpath={${path}}`]);
  }

  /** Starts a kubectl that goes on; it ends with the case at the latest. */
  start(args: readonly string[]): RunningKubectl {
    const running = startKubectl(this.subject, ['--namespace', this.namespace, ...args]);
    this.defer(() => running.stop());
    return running;
  }

  /** Ready when it returns: a Deployment of one container. */
  async deployment(name: string, replicas = 1): Promise<void> {
    await this.ok(['create', 'deployment', name, `--image=${this.subject.image}`, `--replicas=${replicas}`]);
    await this.ok(['rollout', 'status', `deployment/${name}`, this.timeout]);
  }

  /** `--timeout` of the subject's deadline. */
  get timeout(): string {
    return `--timeout=${this.subject.deadlineSeconds}s`;
  }

  /** Runs when the case is over. */
  defer(cleanup: () => Promise<unknown>): void {
    this.#cleanups.push(cleanup);
  }

  async clear(): Promise<void> {
    for (const cleanup of this.#cleanups.toReversed()) await cleanup();
  }
}

/** A case in a fresh namespace, which goes when it is over. */
export function kubectlCase(
  title: string,
  run: (kubectl: CaseKubectl) => Promise<void>,
  terms: KubectlTerms = {},
): KubectlCase {
  const { holds = '>=1.20', needsEndingImage = false, cannot } = terms;
  return {
    title,
    unfit: ({ version, endingImage }) => {
      if (!versionHolds(holds, version)) {
        return `holds for Kubernetes ${holds}; this server is ${version.major}.${version.minor}`;
      }
      return needsEndingImage && endingImage === undefined ? 'needs an image that ends' : undefined;
    },
    run: async (subject) => {
      const kubectl = new CaseKubectl(subject);
      await subject.namespaces.create(kubectl.namespace);
      kubectl.defer(() => subject.namespaces.remove(kubectl.namespace));
      try {
        await run(kubectl);
      } finally {
        await kubectl.clear();
      }
    },
    ...(cannot === undefined ? {} : { cannot }),
  };
}
