/**
 * What sort of failure an error is; it decides the exit code, the HTTP status and whether a stack is shown.
 * - `user`: wrong use, or a faulty workspace · `environment`: this computer lacks something
 * - `remote`: a machine or the cluster answered with a failure · `unreachable`: nothing answered
 * - `refused`: refused for safety · `locked`: another operator holds the cluster
 * - `interrupted`: the operator stopped it · `bug`: our fault
 */
export type ErrorKind =
  | 'user'
  | 'environment'
  | 'remote'
  | 'unreachable'
  | 'refused'
  | 'locked'
  | 'interrupted'
  | 'bug';

/** Exit code and HTTP status of each error kind. */
export const errorKindTable: Readonly<Record<ErrorKind, { readonly exitCode: number; readonly httpStatus: number }>> = {
  user: { exitCode: 64, httpStatus: 400 },
  environment: { exitCode: 1, httpStatus: 500 },
  remote: { exitCode: 1, httpStatus: 502 },
  unreachable: { exitCode: 69, httpStatus: 503 },
  refused: { exitCode: 73, httpStatus: 409 },
  locked: { exitCode: 75, httpStatus: 423 },
  interrupted: { exitCode: 130, httpStatus: 503 },
  bug: { exitCode: 70, httpStatus: 500 },
};
