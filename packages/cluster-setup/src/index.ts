export type { SetupInputs } from './declare-setup.ts';
export { declareSetup } from './declare-setup.ts';
export type { PrerequisitesContext } from './prerequisites/index.ts';
export { prerequisiteFindings } from './prerequisites/index.ts';
export type { SetupRole, SetupRoleContext } from './roles/setup-role.ts';
export { setupRoles } from './roles/setup-roles.ts';
export { prerequisitesStepId, setupPhase } from './setup-phase.ts';
