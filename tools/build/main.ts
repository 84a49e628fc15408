import { bundleCli } from './bundle.ts';

const started = performance.now();
const made = await bundleCli();
console.log(
  made ? `apps/cli/dist made in ${((performance.now() - started) / 1000).toFixed(1)} s` : 'apps/cli/dist is current',
);
