import { join } from 'node:path';
import { editorSchemaPath, editorSchemaText } from './starter-files.ts';
import { workspaceFiles } from './state-files.ts';

/**
 * Brings the file up to date that editors complete and check the cluster file with: git does not carry it, and a newer vmstation knows more
 * keys. True when it was written; a workspace that cannot be written is left as it is.
 */
export async function refreshEditorSchema(root: string): Promise<boolean> {
  const [folder = '', name = ''] = editorSchemaPath.split('/');
  try {
    return await workspaceFiles(join(root, folder)).write(name, editorSchemaText(), { mode: 0o600 });
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (['EACCES', 'EPERM', 'EROFS', 'ENOSPC', 'EDQUOT'].includes(code)) return false;
    throw error;
  }
}
