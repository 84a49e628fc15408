import { AppError } from './app-error.ts';

/** What an operating system's refusal means. */
interface Meaning {
  readonly code: FileErrorCode;
  readonly says: (path: string) => string;
  readonly tryThis: string;
}

type FileErrorCode =
  | 'file/no-permission'
  | 'file/read-only'
  | 'file/disk-full'
  | 'file/link-loop'
  | 'file/too-many-open'
  | 'file/unusable';

const noPermission: Meaning = {
  code: 'file/no-permission',
  says: (path) => `${path} belongs to somebody else, or its permissions keep you out.`,
  tryThis: 'Look at it with ls -ld, and run vmstation as the user who made the workspace.',
};
const diskFull: Meaning = {
  code: 'file/disk-full',
  says: (path) => `The disk is full: ${path} could not be written.`,
  tryThis: 'Make room there (df -h shows how much is left), then run the same command again.',
};
const tooManyOpen: Meaning = {
  code: 'file/too-many-open',
  says: (path) => `This computer has too many files open to use ${path}.`,
  tryThis: 'Close other programs, or raise the limit (ulimit -n), then run the same command again.',
};
const unusable: Meaning = {
  code: 'file/unusable',
  says: (path) => `${path} cannot be used.`,
  tryThis: 'The cause is what the operating system says about it.',
};

/** By the name that errno(3) gives it. */
const meanings: Readonly<Record<string, Meaning>> = {
  EACCES: noPermission,
  EPERM: noPermission,
  EROFS: {
    code: 'file/read-only',
    says: (path) => `${path} lies on a file system that is mounted read-only.`,
    tryThis: 'Mount it writable (mount shows how it is mounted), or copy the workspace to a place that is.',
  },
  ENOSPC: diskFull,
  EDQUOT: diskFull,
  ELOOP: {
    code: 'file/link-loop',
    says: (path) => `${path} is a symbolic link that leads back to itself.`,
    tryThis: 'Remove the link (ls -l shows where it leads) and put the file there.',
  },
  EMFILE: tooManyOpen,
  ENFILE: tooManyOpen,
  EIO: unusable,
  EISDIR: unusable,
  ENAMETOOLONG: unusable,
  ESTALE: unusable,
};

/** Refusals that are about files even where no path is told. */
const alwaysAboutFiles = new Set(['ENOSPC', 'EDQUOT', 'EROFS', 'EMFILE', 'ENFILE']);

/**
 * What the operating system refused, in words for the operator; undefined for anything else. The names are those of errno(3).
 * @param about the file or folder, where the error itself does not tell it
 */
export function systemError(thrown: unknown, about?: string): AppError | undefined {
  if (!(thrown instanceof Error)) return undefined;
  const { code, path = pathOfSocket(thrown) } = thrown as { readonly code?: unknown; readonly path?: unknown };
  const meaning = typeof code === 'string' ? meanings[code] : undefined;
  if (meaning === undefined) return undefined;
  const told = typeof path === 'string' ? path : about;
  if (told === undefined && !alwaysAboutFiles.has(String(code))) return undefined;
  return fileError(meaning, told ?? 'a file of vmstation', thrown);
}

/** A disk without room, where something other than the operating system noticed it. */
export function diskFullError(path: string, cause: unknown): AppError {
  return fileError(diskFull, path, cause);
}

function fileError({ code, says, tryThis }: Meaning, path: string, cause: unknown): AppError {
  return new AppError({ code, kind: 'environment', message: says(path), tryThis, context: { path }, cause });
}

/** Sockets in a folder are files too. */
function pathOfSocket(thrown: Error): string | undefined {
  const { address } = thrown as { readonly address?: unknown };
  return typeof address === 'string' && address.startsWith('/') ? address : undefined;
}
