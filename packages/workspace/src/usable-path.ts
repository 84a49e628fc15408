import { AppError } from '@vmstation/core';

/**
 * Characters that ssh_config(5) (quotes, backslash, `%` tokens, `${}`), a PATH (colon), Ansible's inventory option (comma) or lines of a file
 * (control characters) give a meaning of their own, and that older ones of these programs offer no way to write.
 */
// oxlint-disable-next-line no-control-regex -- control characters are among those that are refused
const unusable = /['"\\%$:,`\u0000-\u001F\u007F]/g;

/**
 * Refuses a folder for a workspace whose path ssh, Ansible or a PATH would read as something else. Throws workspace/path-unusable.
 * @param root absolute path
 */
export function requireUsablePath(root: string): void {
  const found = [...new Set(root.match(unusable) ?? [])];
  if (found.length === 0) return;
  throw new AppError({
    code: 'workspace/path-unusable',
    kind: 'user',
    message: `The path ${JSON.stringify(root)} holds ${found.map(nameOf).join(', ')}, which ssh and Ansible would read as something else; nothing was done.`,
    tryThis: 'Rename the folder, or move the workspace. Letters, digits, blanks and . _ - + @ = are fine.',
    context: { workspace: root },
  });
}

function nameOf(character: string): string {
  if (character === '\n') return 'a line break';
  return character < ' ' || character === '\u007F'
    ? `the control character ${character.charCodeAt(0)}`
    : `the character ${character}`;
}
