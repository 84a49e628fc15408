export type { Check, CheckContext, ToolsNeeds } from './checks/check.ts';
export { checks } from './checks/index.ts';
export type { NodeDrift } from './drift/node-drift.ts';
export { nodeDrifts } from './drift/node-drift.ts';
export { toolsPhase } from './tools-phase.ts';
