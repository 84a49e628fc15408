export { configPhase } from './config-phase.ts';
export { declareConfig } from './declare-config.ts';
export type { ConfigRole, ConfigRoleContext } from './roles/config-role.ts';
export { configRoles } from './roles/config-roles.ts';
export { refuseLockOut } from './way-in/refuse-lock-out.ts';
