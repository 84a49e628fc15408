import { workloadPhase } from '@vmstation/kube';
import { applicationSets } from './application-sets.ts';

/** Phase application-stack: the applications of the cluster file and of apps/, after monitoring, which is to see them start. */
export const applicationStackPhase = workloadPhase<'application-stack', 'setup' | 'infra' | 'config' | 'monitor-stack'>(
  {
    name: 'application-stack',
    title: 'Applications',
    needs: ['setup', 'infra', 'config', 'monitor-stack'],
    sets: applicationSets,
    whyData: 'data of the application, owned by the user it runs as',
    codes: { data: 'app/data', sets: 'app/deployed', endpoints: 'app/endpoint' },
    waitsFor({ facts }) {
      if (facts.infra.missing) return 'infra';
      return facts['monitor-stack'].missing ? 'monitor-stack' : undefined;
    },
    fact: (_context, ready) => ({ ready }),
  },
);
