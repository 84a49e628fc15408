import type { Contract } from '../contract-case.ts';
import { accountCases } from './cases/accounts.ts';
import { fileCases } from './cases/files.ts';
import { kerberosCases } from './cases/kerberos.ts';
import { machineCases } from './cases/machine.ts';
import { networkCases } from './cases/network.ts';
import { partCases } from './cases/parts.ts';
import { softwareCases } from './cases/software.ts';
import { storageCases } from './cases/storage.ts';
import { unitCases } from './cases/units.ts';
import type { KindCase } from './kind-case.ts';
import { keepPromises } from './kind-promises.ts';
import type { KindSubject } from './kind-subject.ts';

/** A case for every kind of resource, and more where its values matter. */
export const kindCases: readonly KindCase[] = [
  ...fileCases,
  ...partCases,
  ...accountCases,
  ...softwareCases,
  ...unitCases,
  ...machineCases,
  ...networkCases,
  ...storageCases,
  ...kerberosCases,
];

/** What each kind of resource keeps on every machine. Cases hold no state and may run in any order, one at a time. */
export const kindContract: Contract<KindSubject> = {
  port: 'Kinds of resources',
  cases: kindCases.map((kindCase) => ({
    title: `${kindCase.kind}: ${kindCase.title}`,
    unfit: ({ family }) =>
      kindCase.family === undefined || kindCase.family === family
        ? undefined
        : `only machines of the ${kindCase.family} family have this`,
    ...(kindCase.cannot === undefined ? {} : { cannot: kindCase.cannot }),
    run: (subject) => keepPromises(kindCase, subject),
  })),
};
