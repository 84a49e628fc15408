// Runs a verb of package.json on any machine that has Node 20 or later and npm: installs from the lock file when that is needed, finds
// a Node new enough for the product (24.11), and runs the verb with it. Dependency-free and plain JavaScript, because nothing is installed
// when it starts and the Node that runs it cannot strip types.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureInstalled } from './install.mjs';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** What runs for each verb, and whether it opens SSH connections. */
const verbs = {
  start: { program: ['tools/start/main.ts'], ssh: true },
  test: { program: ['tools/test/main.ts'], ssh: true },
  'test-hosts': { program: ['tools/test/hosts.ts'], ssh: true },
  'test-guests': { program: ['tools/test/guests.ts'], ssh: true },
  check: { program: ['tools/checks/main.ts'], ssh: false },
  build: { program: ['tools/build/main.ts'], ssh: false },
  generate: { program: ['tools/generate/main.ts'], ssh: false },
  bench: { program: ['bench/main.ts'], ssh: true },
};

const [verb, ...args] = process.argv.slice(2);
if (!Object.hasOwn(verbs, verb ?? '')) {
  stop(64, `Unknown verb ${verb ?? '(none)'}; there are: ${Object.keys(verbs).join(', ')}`);
}
if (Number(process.versions.node.split('.')[0]) < 20) {
  stop(
    1,
    `Node ${process.versions.node} is too old to start with: install Node 24 (or at least 20) and run this again.`,
  );
}
if (verbs[verb].ssh) requireSshClient();

const problem = await ensureInstalled(root);
if (problem !== undefined) stop(1, problem);
const node = findNode();
process.exit(await runVerb(node, verbs[verb].program, args));

/** The first Node that is new enough: the one that runs this, or the one that the lock file brought. */
function findNode() {
  const candidates = [process.execPath, ...lockedNodes()];
  const found = candidates.find((path) => isNewEnough(versionOf(path)));
  if (found !== undefined) return found;
  const how =
    process.platform === 'darwin'
      ? 'On macOS: `brew install node@24` and put it first on PATH, or take the installer from https://nodejs.org/en/download'
      : 'Take it from https://nodejs.org/en/download, or from your distribution or version manager, and put it first on PATH';
  stop(
    1,
    `VMStation needs Node 24.11 or later; this is Node ${process.versions.node} on ${process.platform} ${process.arch}.\n${how}.`,
  );
}

function lockedNodes() {
  const name = `node-${process.platform}-${process.arch}`;
  return [join(root, 'node_modules', name, 'bin', 'node')].filter((path) => existsSync(path));
}

function versionOf(path) {
  if (path === process.execPath) return process.versions.node;
  const answer = spawnSync(path, ['--version'], { encoding: 'utf8' });
  return answer.status === 0 ? answer.stdout.trim().replace(/^v/, '') : undefined;
}

function isNewEnough(version) {
  if (version === undefined) return false;
  const [major, minor] = version.split('.').map(Number);
  return major > 24 || (major === 24 && minor >= 11);
}

function requireSshClient() {
  const answer = spawnSync('ssh', ['-V'], { stdio: 'ignore' });
  if (answer.error === undefined) return;
  stop(
    1,
    `The OpenSSH client \`ssh\` is not on PATH; VMStation reaches its machines with it.
Debian, Ubuntu: apt-get install openssh-client · Fedora, RHEL: dnf install openssh-clients · Alpine: apk add openssh-client`,
  );
}

/** Runs the verb; resolves with its exit code. Signals go on to it, so that it decides how to end. */
function runVerb(nodePath, [script, ...fixed], rest) {
  const path = [dirname(nodePath), join(root, 'node_modules', '.bin'), process.env.PATH ?? ''].join(delimiter);
  const child = spawn(nodePath, [join(root, script), ...fixed, ...rest], {
    stdio: 'inherit',
    env: { ...process.env, PATH: path },
    cwd: root,
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) passOn(signal, child);
  return new Promise((resolve) => {
    child.on('error', (error) => {
      process.stderr.write(`${nodePath} could not be started: ${error.message}\n`);
      resolve(1);
    });
    child.on('exit', (code, signal) => resolve(code ?? 128 + (constants.signals[signal] ?? 0)));
  });
}

/** A terminal sends Ctrl-C to the whole group and npm sends it once more: within half a second they are one and the same key press. */
function passOn(signal, child) {
  let last = 0;
  process.on(signal, () => {
    const now = Date.now();
    if (now - last > 500) child.kill(signal);
    last = now;
  });
}

function stop(exitCode, message) {
  process.stderr.write(`${message}\n`);
  process.exit(exitCode);
}
