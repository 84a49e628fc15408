import type { FileTree } from '../disk/file-tree.ts';
import { programFile } from '../shell/execute.ts';
import { findUser, formatGroup, formatUser, readGroups, readUsers } from './commands/accounts.ts';
import type { PackageDefinition } from './faces/package-definition.ts';
import type { RootFiles } from './root-files.ts';

/** Where a package's files are put and its accounts made. */
interface Target {
  readonly files: RootFiles;
  readonly tree: FileTree;
}

/** Unpacks a package: accounts, folders, programs, files. Configuration files that were changed are kept. */
export function unpackPackage(target: Target, definition: PackageDefinition): void {
  const { files } = target;
  for (const user of definition.users) addSystemUser(target, user);
  for (const [path, mode] of Object.entries(definition.folders)) files.folder(path, { mode });
  for (const [path, program] of Object.entries(definition.programs)) {
    files.write(path, programFile(program), { mode: program === 'sudo' || program === 'su' ? 0o4755 : 0o755 });
  }
  for (const [path, text] of Object.entries(definition.files)) {
    if (path.startsWith('/etc/') && files.find(path)) continue;
    const mode = definition.modes[path];
    files.write(path, text, mode === undefined ? {} : { mode });
  }
  for (const module of definition.modules) files.write(`/usr/lib/modules/extra/${module}.ko`, '');
}

/** Removes what `unpackPackage` put; configuration below /etc stays unless it is purged. */
export function removePackageFiles({ files }: Target, definition: PackageDefinition, purge: boolean): void {
  for (const path of [...Object.keys(definition.programs), ...Object.keys(definition.files)]) {
    if (!path.startsWith('/etc/') || purge) files.remove(path);
  }
  for (const module of definition.modules) files.remove(`/usr/lib/modules/extra/${module}.ko`);
  for (const path of Object.keys(definition.folders)) if (!path.startsWith('/etc/') || purge) files.remove(path);
}

/** Makes a system account with its group, as a package's maintainer script does. */
export function addSystemUser(
  target: Target,
  user: { name: string; home: string; uid?: number; groups?: string[] },
): void {
  if (findUser(target, user.name)) return;
  const users = readUsers(target);
  const groups = readGroups(target);
  let id = user.uid ?? 999;
  while (users.some((one) => one.uid === id) || groups.some((one) => one.gid === id)) id -= 1;
  const shell = '/usr/sbin/nologin';
  users.push({ name: user.name, password: 'x', uid: id, gid: id, gecos: '', home: user.home, shell });
  groups.push({ name: user.name, password: 'x', gid: id, members: [] });
  target.files.write('/etc/passwd', users.map((one) => `${formatUser(one)}\n`).join(''));
  target.files.write('/etc/group', groups.map((one) => `${formatGroup(one)}\n`).join(''));
  const shadow = target.files.read('/etc/shadow') ?? '';
  target.files.write('/etc/shadow', `${shadow}${user.name}:!:20000::::::\n`);
}
