import { errorKindTable, exitCodes } from '@vmstation/core';
import { faultKinds } from '@vmstation/lab';
import { expect, test } from 'vitest';
import { exitCodeMeanings } from '../command/help.ts';
import { helpText } from '../command/help-text.ts';
import { runLine } from '../testing/run-line.ts';
import { apiFaultTerms, nodeFaultTerms } from './lab-fault-commands.ts';
import { commandTree } from './tree.ts';

const lineOf = (path: readonly string[]) => path.join(' ');

test('the commands are these and no others', () => {
  expect(commandTree.commands.map(({ path }) => lineOf(path)).toSorted()).toMatchInlineSnapshot(`
    [
      "app deploy",
      "app list",
      "check",
      "config adopt",
      "config apply",
      "config explain",
      "config rollback",
      "drift",
      "drift accept",
      "drift ignore",
      "drift revert",
      "explain",
      "infra deploy",
      "infra render",
      "init",
      "lab fault",
      "lab fault clear",
      "lab fault list",
      "lab reset",
      "lab scenario",
      "lab ssh",
      "lab start",
      "lab status",
      "lab stop",
      "monitoring deploy",
      "node list",
      "node run",
      "node trust",
      "runs list",
      "runs show",
      "secret set",
      "setup",
      "setup dependencies",
      "setup nodes",
      "setup ssh-keys",
      "uninstall",
      "up",
      "verify all",
      "verify cluster",
      "verify monitoring",
      "verify network",
      "verify prerequisites",
    ]
  `);
});

test('every first word is listed once, in an order', () => {
  const first = [...commandTree.groups, ...commandTree.commands].map(({ path }) => path[0] ?? '');
  expect([...new Set(first)].toSorted()).toEqual([...commandTree.order].toSorted());
});

test.each(commandTree.commands)(
  'the help of $path names what it replaces, its examples and its exit codes',
  (command) => {
    const text = helpText(commandTree, command.path).replaceAll(/\s+/g, ' ');
    for (const item of command.replaces) expect(text).toContain(item);
    for (const [line] of command.examples) expect(text).toContain(line);
    for (const code of command.exitCodes) expect(text).toContain(exitCodeMeanings[code]);
  },
);

test.each(commandTree.commands)('$path has a handler', async ({ load }) => {
  expect(await load()).toBeTypeOf('function');
});

test('the help of `lab fault` has every fault of the lab', () => {
  const terms = (api: boolean) =>
    faultKinds.filter(({ subject }) => (subject === 'api') === api).map(({ kind, meaning }) => [kind, meaning]);
  expect({ node: nodeFaultTerms, api: apiFaultTerms }).toEqual({ node: terms(false), api: terms(true) });
});

test('the meanings of exit codes cover core’s tables', () => {
  const codes = [...Object.values(exitCodes), ...Object.values(errorKindTable).map(({ exitCode }) => exitCode)];
  expect(Object.keys(exitCodeMeanings).map(Number)).toEqual([...new Set(codes)].toSorted((a, b) => a - b));
});

test('help and version go to standard output and end with 0', async () => {
  expect(await runLine(['--version'])).toEqual({ exitCode: 0, out: '1.2.3\n', err: '' });
  const help = await runLine(['--help']);
  expect(help).toMatchObject({ exitCode: 0, err: '' });
  expect(await runLine([])).toEqual(help);
  expect((await runLine(['up', '--help'])).out).toContain('deploy-wrapper.sh');
});

test.each([
  [['upp'], 'cli/unknown-command', 'Did you mean up?'],
  [['setup', 'nods'], 'cli/unknown-command', 'Did you mean nodes?'],
  [['up', '--dry-rnu'], 'cli/unknown-option', 'Did you mean --dry-run?'],
  [['node', 'run'], 'cli/missing-argument', '--help'],
  [['up', '--only', 'steup'], 'cli/bad-value', 'monitor-stack'],
  [['infra'], 'cli/incomplete-command', 'render'],
  [['drift', 'masternode'], 'cli/unknown-command', '--help'],
  [['up', 'masternode'], 'cli/wrong-use', '--help'],
  [['explain', 'cli/unknown-comand'], 'explain/unknown-code', 'cli/unknown-command'],
])('%j is refused with 64 and says what was meant', async (argv, code, hint) => {
  const { exitCode, out, err } = await runLine(argv);
  expect({ exitCode, out }).toEqual({ exitCode: 64, out: '' });
  expect(err).toContain(`✗ ${code}  `);
  expect(err).toContain(hint);
});

test('with --json an error is one document on standard output', async () => {
  const { exitCode, out, err } = await runLine(['check', '--json', '--workspace', '/nonexistent']);
  expect({ exitCode, err }).toEqual({ exitCode: 64, err: '' });
  expect(JSON.parse(out)).toMatchObject({ error: { code: 'workspace/not-found', kind: 'user' } });
});

test('a page is explained by its code', async () => {
  const { exitCode, out } = await runLine(['explain', 'cli/needs-approval']);
  expect(exitCode).toBe(0);
  expect(out).toContain('cli/needs-approval — nobody is there to approve a change');
});

test('where the locale has no Unicode, marks are ASCII', async () => {
  const { err } = await runLine(['upp'], { env: { LC_ALL: 'de_DE.ISO-8859-1' } });
  expect(err).toMatch(/^x cli\/unknown-command/);
});
