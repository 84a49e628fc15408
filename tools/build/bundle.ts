import { createHash } from 'node:crypto';
import { cpSync, existsSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { allFiles, isTest, root } from '../checks/source-files.ts';

const cliFolder = join(root, 'apps', 'cli');
const outFolder = join(cliFolder, 'dist');
const hashFile = join(outFolder, '.sources-hash');

/** Packages that are loaded from node_modules: native parts, or so large that only a lazy import may pay for them. */
const external = ['ssh2', 'just-bash', '@kubernetes/client-node', '@peculiar/x509', 'reflect-metadata'];

/** What the bundle is made of: a change of any of these makes it stale. */
const inputs =
  /^(apps\/cli\/(src\/|package[.]json)|packages\/[^/]+\/(src\/|package[.]json)|packages\/cluster-docs\/errors\/|package-lock[.]json|tools\/build\/)/;

/** Bundles the command line into apps/cli/dist unless that is already made of the same sources. Returns whether it had to. */
export async function bundleCli(): Promise<boolean> {
  const hash = sourcesHash();
  if (existsSync(hashFile) && readFileSync(hashFile, 'utf8') === hash) {
    // bin/vmstation goes by times: files that git wrote anew with the same content are no newer than this bundle.
    const now = new Date();
    utimesSync(hashFile, now, now);
    return false;
  }
  rmSync(outFolder, { recursive: true, force: true });
  await build({
    absWorkingDir: cliFolder,
    entryPoints: entryPoints(),
    outdir: outFolder,
    outbase: join(cliFolder, 'src'),
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    external,
    chunkNames: '[name]-[hash]',
    sourcemap: 'linked',
    sourcesContent: false,
    legalComments: 'none',
    logLevel: 'warning',
    // CommonJS packages inside the bundle ask for Node's own modules with require.
    banner: {
      js: "import { createRequire as requireOf } from 'node:module'; const require = requireOf(import.meta.url);",
    },
  });
  cpSync(join(root, 'packages/cluster-docs/errors'), join(outFolder, 'errors'), { recursive: true });
  writeFileSync(hashFile, hash);
  return true;
}

/** Programs that are started by path: the command line itself, and what the lab starts as processes of their own. */
function entryPoints(): string[] {
  return allFiles()
    .map(({ path }) => path)
    .filter((path) => /^apps\/cli\/src\/(main|[a-z-]+[.]entry)[.]ts$/.test(path))
    .map((path) => join(root, path));
}

function sourcesHash(): string {
  const hash = createHash('sha256');
  for (const { path, text } of allFiles().filter((file) => inputs.test(file.path) && !isTest(file.path))) {
    hash.update(`${path}\n${text.length}\n${text}`);
  }
  return hash.digest('hex');
}
