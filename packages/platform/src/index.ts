export type { CheckReport } from './checks.ts';
export { checkNames } from './checks.ts';
export type { ExecuteOptions, Platform } from './create-platform.ts';
export { createPlatform, phases } from './create-platform.ts';
export type { AgedChange, AgedItem, AgedNodeDrift, ClusterDrift, DriftReport } from './drift-report.ts';
export type { PlannedAdoption } from './plan-adoption.ts';
export { planAdoption } from './plan-adoption.ts';
export type { PlatformPorts } from './platform-ports.ts';
