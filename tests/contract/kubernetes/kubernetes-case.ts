import type { ContractCase } from '../contract-case.ts';
import type { Capability, KubernetesSubject } from './kubernetes-subject.ts';
import { Scratch } from './scratch.ts';
import { versionHolds } from './server-version.ts';

/** One promise of Kubernetes, with the versions it holds for. */
export interface KubernetesCase extends ContractCase<KubernetesSubject> {
  /** Range of minor versions, such as `>=1.20` or `>=1.21 <1.30`. */
  readonly holds: string;
}

/** What a case says besides its title. */
export interface CaseTerms {
  /** Default: `>=1.20`. */
  readonly holds?: string;
  readonly needs?: readonly Capability[];
  /** Side that cannot keep it, with the reason. */
  readonly cannot?: KubernetesCase['cannot'];
}

/** A case: `run` gets a scratch place of its own, which is taken away afterwards. */
export function kubernetesCase(
  title: string,
  run: (scratch: Scratch) => Promise<void>,
  terms: CaseTerms = {},
): KubernetesCase {
  const { holds = '>=1.20', needs = [], cannot } = terms;
  return {
    title,
    holds,
    unfit: ({ version, capabilities }) => {
      if (!versionHolds(holds, version)) {
        return `holds for Kubernetes ${holds}; this server is ${version.major}.${version.minor}`;
      }
      const missing = needs.filter((need) => !capabilities.has(need));
      return missing.length === 0 ? undefined : `needs ${missing.join(', ')}`;
    },
    run: async (subject) => {
      const scratch = new Scratch(subject);
      try {
        await run(scratch);
      } finally {
        await scratch.clear();
      }
    },
    ...(cannot === undefined ? {} : { cannot }),
  };
}
