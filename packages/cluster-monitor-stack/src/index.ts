export type { CheckableConfig } from './checkable-configs.ts';
export { checkableConfigs } from './checkable-configs.ts';
export { declareMonitorStack } from './declare-monitor-stack.ts';
export { monitorSets } from './monitor-sets.ts';
export { monitorStackPhase } from './monitor-stack-phase.ts';
