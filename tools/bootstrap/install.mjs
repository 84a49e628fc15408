import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Left in node_modules after an installation that was complete; npm removes it with the folder when it starts over. */
const stampName = '.vmstation-lock-hash';

/**
 * Installs what package-lock.json names, unless exactly that is already installed. Prints one line. Returns undefined, or what to tell the operator.
 * @param {string} root folder of the repository
 * @returns {Promise<string | undefined>}
 */
export async function ensureInstalled(root) {
  const lockPath = join(root, 'package-lock.json');
  const stampPath = join(root, 'node_modules', stampName);
  const lockHash = createHash('sha256').update(readFileSync(lockPath)).digest('hex');
  if (existsSync(stampPath) && readFileSync(stampPath, 'utf8') === lockHash) return undefined;
  if (!installedEqualsLock(root)) {
    const started = Date.now();
    process.stderr.write('Installing from the lock file … ');
    const failure = await npmCi(root);
    process.stderr.write(
      failure === undefined ? `done in ${Math.round((Date.now() - started) / 1000)} s\n` : 'failed\n',
    );
    if (failure !== undefined) return failure;
  }
  writeFileSync(stampPath, lockHash);
  return undefined;
}

/** True when npm's own record of what it installed names every package of the lock in the same version, but for optional ones. */
function installedEqualsLock(root) {
  const recordPath = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(recordPath)) return false;
  const wanted = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
  const installed = JSON.parse(readFileSync(recordPath, 'utf8')).packages;
  return Object.entries(wanted).every(([path, entry]) => {
    if (path === '' || (entry.optional === true && installed[path] === undefined)) return true;
    return installed[path]?.version === entry.version && installed[path]?.integrity === entry.integrity;
  });
}

function npmCi(root) {
  const options = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  const npm = process.env.npm_execpath;
  // Under npm, the npm that called us; `shell` because npm is a script with another name on Windows.
  const [program, args] = npm?.endsWith('.js') ? [process.execPath, [npm, ...options]] : ['npm', options];
  const child = spawn(program, args, {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    shell: process.platform === 'win32',
  });
  let output = '';
  child.stdout.on('data', (chunk) => (output += chunk));
  child.stderr.on('data', (chunk) => (output += chunk));
  return new Promise((resolve) => {
    child.on('error', (error) =>
      resolve(`npm could not be started (${error.message}). It comes with Node: install Node together with npm.`),
    );
    child.on('exit', (code, signal) => resolve(code === 0 ? undefined : explain(output, code ?? signal)));
  });
}

function explain(output, ended) {
  const lines = output
    .split('\n')
    .filter((line) => line.trim() !== '' && !/EBADENGINE|^npm error\s+at |^npm error *$/.test(line));
  const offline = /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT/.test(output);
  const hint = offline
    ? 'The npm registry was not reachable: check the network or the proxy (`npm config get registry`), then run this again.'
    : 'Run `npm ci --ignore-scripts` by hand to see more; deleting node_modules first is safe.';
  return `npm ci ended with ${ended}:\n${lines.slice(-15).join('\n')}\n${hint}`;
}
