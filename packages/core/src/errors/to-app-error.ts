import { AppError } from './app-error.ts';
import { systemError } from './system-error.ts';

/**
 * Turns anything thrown into an {@link AppError}: files that the operating system refuses are the environment's fault; what else is not one
 * already is our bug, with the original as its cause.
 */
export function toAppError(thrown: unknown): AppError {
  if (thrown instanceof AppError) return thrown;
  const refused = systemError(thrown);
  if (refused !== undefined) return refused;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new AppError({
    code: 'internal/unexpected',
    kind: 'bug',
    message: `Something failed that we did not expect: ${message}`,
    tryThis:
      'Report it with the lines above; nothing that was already applied is lost, and the same command can be run again.',
    cause: thrown,
  });
}
