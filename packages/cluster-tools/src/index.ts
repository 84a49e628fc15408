export type { Check, CheckContext, ToolsNeeds } from './checks/check.ts';
export { checks } from './checks/index.ts';
export type { DriftHistory, Sighting } from './drift/drift-history.ts';
export { sinceOf } from './drift/drift-history.ts';
export type { DriftMemory } from './drift/drift-memory.ts';
export { driftMemory, placeOfNode } from './drift/drift-memory.ts';
export type { DriftItem, NodeDrift } from './drift/node-drift.ts';
export { changesOfDrift, nodeDrifts } from './drift/node-drift.ts';
export { toolsPhase } from './tools-phase.ts';
