export type { ApplicationRendering } from './application-sets.ts';
export { applicationSets } from './application-sets.ts';
export { applicationStackPhase } from './application-stack-phase.ts';
export { declareApplicationStack } from './declare-application-stack.ts';
