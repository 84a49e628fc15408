import { boundaries, forbiddenTargets } from './tools/boundaries.ts';

const names = Object.keys(boundaries);
const pattern = (list) => list.map((name) => `^${boundaries[name].folder}/`);

/** One rule per forbidden edge, so that the report prints the reason of exactly that edge. */
const edges = names.flatMap((from) =>
  names
    .filter((to) => to !== from && !boundaries[from].mayImport.includes(to))
    .map((to) => ({
      name: `${from} must not import ${to}`,
      comment: forbiddenTargets[to] ?? boundaries[from].reason,
      severity: 'error',
      from: { path: `^${boundaries[from].folder}/` },
      to: { path: `^${boundaries[to].folder}/` },
    })),
);

export default {
  forbidden: [
    ...edges,
    {
      name: 'no cycles',
      comment: 'modules that need each other are one module, or miss a third that both need',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'core is pure',
      comment: boundaries.core.reason,
      severity: 'error',
      from: { path: '^packages/core/src/', pathNot: '[.]test[.]ts$' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'packages meet at index.ts',
      comment: 'what a package offers is listed in its src/index.ts; everything else may change without notice',
      severity: 'error',
      from: { path: '^(packages|apps)/([^/]+)/' },
      to: { path: '^(packages|apps)/[^/]+/', pathNot: ['^$1/$2/', '^packages/[^/]+/src/index[.]ts$'] },
    },
    {
      name: 'tests are imported by nothing',
      comment: 'suites that cross packages live in tests/ and may import anything',
      severity: 'error',
      from: { path: '^(packages|apps|tools)/' },
      to: { path: '^tests/' },
    },
    {
      name: 'heavy clients stay in their package',
      comment:
        'ssh2, just-bash and the Kubernetes client cost hundreds of milliseconds and megabytes; only lab and kube load them',
      severity: 'error',
      from: { path: '^(packages|apps)/', pathNot: pattern(['lab', 'kube']) },
      to: { path: 'node_modules/(ssh2|just-bash|@kubernetes/client-node)/' },
    },
    {
      name: 'imports resolve',
      comment: 'a missing module fails only where the import is reached, which may be on the bad day',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'dependencies are declared',
      comment: 'an undeclared package works until somebody else removes it',
      severity: 'error',
      from: { path: '^packages/[^/]+/src/', pathNot: '[.]test[.]ts$' },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)(dist|coverage|[.]lab)/' },
    combinedDependencies: true,
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
};
