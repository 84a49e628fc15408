export type { NodeCommand } from './commands.ts';
export { nodeCommands, nodeFiles } from './commands.ts';
export { unifiedDiff } from './compare/unified-diff.ts';
export type { HostOptions } from './host.ts';
export { createHost } from './host.ts';
export type { TemplateValues } from './kinds/template/index.ts';
export { renderTemplate, templateFile } from './kinds/template/index.ts';
export type { NodeTryModeOptions } from './try-mode/node-try-mode.ts';
export { nodeTryMode } from './try-mode/node-try-mode.ts';
