/**
 * Node's HTTP modules, loaded when a cluster is first talked to. An `import` of `node:http` asks for all that it exports, and with it for a
 * second HTTP client that Node otherwise loads when needed: 15 ms of every command's start.
 */
export const httpModules = {
  get http(): typeof import('node:http') {
    return process.getBuiltinModule('node:http');
  },
  get https(): typeof import('node:https') {
    return process.getBuiltinModule('node:https');
  },
};
