const MESSAGES = {
  EACCES: 'Permission denied',
  EBUSY: 'Device or resource busy',
  EEXIST: 'File exists',
  EINVAL: 'Invalid argument',
  EIO: 'Input/output error',
  EISDIR: 'Is a directory',
  ELOOP: 'Too many levels of symbolic links',
  ENOENT: 'No such file or directory',
  ENOEXEC: 'Exec format error',
  ENOSPC: 'No space left on device',
  ENOTDIR: 'Not a directory',
  ENOTEMPTY: 'Directory not empty',
  EPERM: 'Operation not permitted',
  EROFS: 'Read-only file system',
  EXDEV: 'Invalid cross-device link',
  EBADF: 'Bad file descriptor',
  ENODEV: 'No such device',
} as const;

/** The error numbers that a machine's file system answers with. */
export type FileSystemErrorCode = keyof typeof MESSAGES;

/** A system call's refusal inside a simulated machine; `message` is what strerror(3) says. Never leaves the lab. */
export class FileSystemError extends Error {
  readonly code: FileSystemErrorCode;
  readonly path: string;

  constructor(code: FileSystemErrorCode, path: string) {
    super(MESSAGES[code]);
    this.name = 'FileSystemError';
    this.code = code;
    this.path = path;
  }
}
