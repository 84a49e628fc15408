import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ageSecrets } from '@vmstation/workspace';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type LabWorkspace, openLabWorkspace } from './lab-workspace.ts';

// The secrets of a workspace, each a random value of its own: after all that an operator does, they are in no file of the workspace and in no answer.

let lab: LabWorkspace;
let values: ReadonlyMap<string, string>;
const node = 'storagenodet3500';
const said: string[] = [];

beforeAll(async () => {
  lab = await openLabWorkspace();
  const secrets = ageSecrets({ root: lab.root, stateDir: join(lab.root, '.vmstation') });
  const names = readdirSync(join(lab.root, 'secrets')).flatMap((file) => /^(.*)\.age$/.exec(file)?.[1] ?? []);
  values = new Map(await Promise.all(names.map(async (name) => [name, (await secrets.get(name)).reveal()] as const)));
});
afterAll(() => lab?.remove());

const vmstation = async (...args: readonly string[]) => {
  const ended = await lab.vmstation(args);
  said.push(ended.text);
  return ended;
};

/** Names of the secrets that a text holds, plain or as base64. */
function heldBy(text: string): readonly string[] {
  return [...values].flatMap(([name, value]) =>
    [value, Buffer.from(value).toString('base64')].some((form) => text.includes(form)) ? [name] : [],
  );
}

/** Every file of the workspace; what the simulated machines and their cluster keep is theirs. */
function files(folder: string): readonly string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    const found = lstatSync(path);
    if (found.isDirectory()) return path === join(lab.root, '.vmstation', 'lab') ? [] : files(path);
    return found.isFile() ? [path] : [];
  });
}

/** Command lines and environments of every process that can be read. */
function sampled(): () => readonly string[] {
  const found = new Set<string>();
  const timer = setInterval(() => {
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name)))
      for (const file of ['cmdline', 'environ'])
        for (const name of heldBy(read(`/proc/${pid}/${file}`))) found.add(name);
  }, 250);
  return () => (clearInterval(timer), [...found]);
}

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}

test('up, a change that fails, drift, rollback and a plan to uninstall write no secret anywhere in the workspace, nor to anybody', async () => {
  expect(values.size).toBeGreaterThan(0);
  expect([...values.values()].filter((value) => value.length < 8)).toEqual([]);
  const stop = sampled();
  const up = await vmstation('up', '--yes', '--json');
  expect(up.exitCode, up.text.slice(-2000)).toBe(0);
  const edited = '/etc/rsyslog.d/10-vmstation-sender.conf';
  const tampered = await vmstation('node', 'run', node, '--root', '--', 'sh', '-c', `echo '# mine' >>${edited}`);
  expect(tampered.exitCode, tampered.text).toBe(0);
  expect((await vmstation('drift', '--diff', '--json')).text).toContain(edited);
  await lab.fault({ node }, 'disk-full');
  expect((await vmstation('config', 'apply', '--yes', '--json')).exitCode).toBe(1);
  await lab.clearFaults();
  const repaired = await vmstation('config', 'apply', '--yes', '--json');
  expect(repaired.exitCode, repaired.text.slice(-2000)).toBe(0);
  const run = /"run(?:Id)?":"(\d{8}-\d{6}-\w+)"/.exec(repaired.text)?.[1] ?? '';
  const back = await vmstation('config', 'rollback', run, '--yes');
  expect(back.exitCode, back.text.slice(-2000)).toBe(0);
  await vmstation('runs', 'show', run, '--json');
  await vmstation('uninstall', 'homelab', '--dry-run', '--json');
  expect(stop()).toEqual([]);
  expect(heldBy(said.join('\n'))).toEqual([]);
  const holders = files(lab.root).filter((path) => heldBy(read(path)).length > 0);
  expect(holders).toEqual([]);
}, 400_000);
