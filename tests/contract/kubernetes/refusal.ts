import { ApiException } from '@kubernetes/client-node';

/** The `v1.Status` of a refusal, as far as cases look. */
export interface Refusal {
  readonly code: number;
  readonly reason: string;
  readonly message: string;
  readonly causes: readonly { readonly reason: string; readonly field: string; readonly message: string }[];
  readonly retryAfterSeconds: number | undefined;
}

interface StatusBody {
  readonly reason?: string;
  readonly message?: string;
  readonly details?: {
    readonly causes?: readonly { readonly reason?: string; readonly field?: string; readonly message?: string }[];
    readonly retryAfterSeconds?: number;
  };
}

/** Reads the Status that a refused call was answered with. */
export function readRefusal(code: number, body: unknown): Refusal {
  const { reason = '', message = '', details } = (body ?? {}) as StatusBody;
  const causes = (details?.causes ?? []).map((cause) => ({
    reason: cause.reason ?? '',
    field: cause.field ?? '',
    message: cause.message ?? '',
  }));
  return { code, reason, message, causes, retryAfterSeconds: details?.retryAfterSeconds };
}

/** The Status in what the official client threw. Throws on whatever else it is. */
export function thrownRefusal(error: unknown): Refusal {
  if (!(error instanceof ApiException)) throw error;
  return readRefusal(error.code, typeof error.body === 'string' ? JSON.parse(error.body) : error.body);
}

/** The Status by which the official client's call was refused. Throws when it was not, or failed for another reason. */
export async function refusal(call: Promise<unknown>): Promise<Refusal> {
  try {
    await call;
  } catch (error) {
    return thrownRefusal(error);
  }
  throw new Error('the call was not refused');
}
