import { type AppError, toAppError } from '@vmstation/core';

/**
 * What was written into the workspace stays only when it is then proved; else it is undone and the error told: as it is when it refuses or was
 * interrupted, else as `refusal` words it.
 */
export async function keepWhenProved<T>(
  written: { undo(): Promise<void> },
  prove: () => Promise<T>,
  refusal: (error: AppError) => AppError,
): Promise<T> {
  try {
    return await prove();
  } catch (thrown) {
    await written.undo();
    const error = toAppError(thrown);
    if (error.kind === 'refused' || error.kind === 'interrupted') throw error;
    throw refusal(error);
  }
}
