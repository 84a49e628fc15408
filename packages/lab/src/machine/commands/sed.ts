import { FileSystemError } from '../../disk/file-system-error.ts';
import type { Program } from '../../shell/process.ts';
import { runTool, toolProgram } from './toolbox.ts';

const plain = toolProgram('sed');

/** sed(1); `-i[SUFFIX]` writes beside the file and renames over it, as GNU sed does. */
export const sed: Program = async (process) => {
  const args = process.argv.slice(1);
  const at = args.findIndex((arg) => /^-[nErsuz]*i|^--in-place/.test(arg));
  if (at === -1) return plain(process);
  const option = args[at] as string;
  const suffix = option.startsWith('--') ? (option.split('=')[1] ?? '') : option.slice(option.indexOf('i') + 1);
  const letters = option.startsWith('--') ? '' : option.slice(1, option.indexOf('i'));
  args.splice(at, 1, ...(letters ? [`-${letters}`] : []));
  const { scripts, files } = splitArguments(args);
  let status = 0;
  for (const file of files) {
    try {
      const inode = process.lookup(file);
      const result = await runTool(process, 'sed', scripts, await process.readFile(file));
      if (result.stderr) await process.err(result.stderr);
      if (result.exitCode !== 0) return result.exitCode;
      const path = process.kernel.tree.realPath(process.path(file), process.credentials);
      const temporary = `${path.replace(/[^/]*$/, '')}sed${process.pid}`;
      process.writeFile(temporary, result.stdout, 0o600);
      process.kernel.tree.chmod(temporary, inode.mode, process.credentials);
      if (process.credentials.uid === 0) process.kernel.tree.chown(temporary, inode, process.credentials);
      if (suffix)
        process.kernel.tree.rename(
          path,
          suffix.includes('*') ? path.replace(/[^/]*$/, (name) => suffix.replaceAll('*', name)) : path + suffix,
          process.credentials,
        );
      process.kernel.tree.rename(temporary, path, process.credentials);
    } catch (error) {
      if (!(error instanceof FileSystemError)) throw error;
      await process.err(`sed: can't read ${file}: ${error.message}\n`);
      status = 2;
    }
  }
  return status;
};

/** Separates the script (and its options) from the files. */
function splitArguments(args: readonly string[]): { scripts: string[]; files: string[] } {
  const scripts: string[] = [];
  const files: string[] = [];
  let hasScript = args.some((arg) => /^-[nErsuz]*[ef]|^--(expression|file)/.test(arg));
  for (let index = 0; index < args.length; index += 1) {
    const arg = args[index] as string;
    if (/^-[nErsuz]*[ef]$/.test(arg)) scripts.push(arg, args[(index += 1)] ?? '');
    else if (arg.startsWith('-') && arg !== '-') scripts.push(arg);
    else if (!hasScript) {
      scripts.push(arg);
      hasScript = true;
    } else files.push(arg);
  }
  return { scripts, files };
}
