import { FileSystemError } from '../../disk/file-system-error.ts';
import type { Process, Program } from '../../shell/process.ts';
import { operandText } from './digest.ts';
import { runTool } from './toolbox.ts';

/** sed(1); `-i[SUFFIX]` writes beside the file and renames over it, as GNU sed does. */
export const sed: Program = async (process) => {
  const args = process.argv.slice(1);
  const at = args.findIndex((arg) => /^-[nErsuz]*i|^--in-place/.test(arg));
  const wrong = unterminated(args);
  if (wrong !== undefined) return process.fail(wrong);
  if (at === -1) return stream(process, args);
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

/** All files as one text, as sed reads them; one that cannot be read is said and left out. */
async function stream(process: Process, args: readonly string[]): Promise<number> {
  const { scripts, files } = splitArguments(args);
  let text = '';
  let status = 0;
  for (const file of files.length > 0 ? files : ['-']) {
    try {
      if (text !== '' && !text.endsWith('\n')) text += '\n';
      text += await operandText(process, file);
    } catch (error) {
      if (!(error instanceof FileSystemError)) throw error;
      const what = error.code === 'EISDIR' ? 'read error on' : "can't read";
      await process.err(`sed: ${what} ${file}: ${error.message}\n`);
      status = 2;
    }
  }
  const result = await runTool(process, 'sed', scripts, text);
  await process.out(result.stdout);
  if (result.stderr) await process.err(result.stderr);
  return result.exitCode === 0 ? status : result.exitCode;
}

/** What GNU sed says about a substitution that has no end; the tool beneath takes it as it is. */
function unterminated(args: readonly string[]): string | undefined {
  const script = scriptOf(args);
  const [, start = ''] = /^(\s*(?:\d+|\$|\/(?:\\.|[^/\\])*\/)?\s*!?\s*s).[^\n;]*$/.exec(script) ?? [];
  const mark = script[start.length];
  if (start === '' || mark === undefined) return undefined;
  const marks = [...script.slice(start.length).matchAll(/\\.|\[[^\]]*\]|./g)].filter(([one]) => one === mark);
  if (marks.length >= 3) return undefined;
  return `-e expression #1, char ${script.length}: unterminated \`s' command`;
}

function scriptOf(args: readonly string[]): string {
  const at = args.findIndex((arg) => /^-[nErsuz]*e$/.test(arg));
  return (at === -1 ? args.find((arg) => !arg.startsWith('-')) : args[at + 1]) ?? '';
}

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
