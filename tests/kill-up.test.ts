import { spawn } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { type LabWorkspace, openLabWorkspace, program } from './lab-workspace.ts';

// `up` may be killed anywhere: what was done stays done, nothing is left locked, nothing runs twice, and the next run goes on.

let lab: LabWorkspace;
beforeAll(async () => {
  lab = await openLabWorkspace();
});
afterAll(() => lab?.remove());

/** Starts `up` and kills it, without a chance to clean up, as soon as the condition holds of what it has printed. */
async function killUp(when: (printed: string) => boolean): Promise<void> {
  const child = spawn(process.execPath, [program, '--workspace', lab.root, 'up', '--yes'], {
    env: { ...process.env, CI: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (printed += text));
  const watch = setInterval(() => when(printed) && child.kill('SIGKILL'), 2);
  onTestFinished(() => {
    clearInterval(watch);
    child.kill('SIGKILL');
  });
  const signal = await new Promise((resolve) => {
    child.on('close', (_code, by) => resolve(by));
  });
  expect(signal, printed).toBe('SIGKILL');
}

const stateFiles = (pattern: string) => globSync(pattern, { cwd: join(lab.root, '.vmstation') });

test('killed while the first steps change machines', async () => {
  await killUp((printed) => /● changed/.test(printed));
});

test('killed as soon as the installer is started', async () => {
  await killUp(() => stateFiles('runs/*/kubespray.jsonl.pid').length > 0);
});

test('killed while machines are configured: the installer that went on is taken over, not started again', async () => {
  await killUp((printed) => /● changed +system/.test(printed));
  const [log, ...others] = stateFiles('runs/*/kubespray.jsonl');
  expect(others).toEqual([]);
  expect(readFileSync(join(lab.root, '.vmstation', `${log}.exit`), 'utf8')).toBe('0\n');
});

test('killed while the workloads are applied', async () => {
  await killUp((printed) => /● changed +Monitoring namespace/.test(printed));
});

test('the run after all that goes on to the end, and then nothing is left to change', async () => {
  const last = await lab.vmstation(['up', '--yes']);
  expect(last.text).toContain('Done');
  expect(last.exitCode).toBe(0);
  const before = await lab.writes();
  expect((await lab.vmstation(['up', '--yes'])).text).toContain('Nothing to change');
  expect(await lab.writes()).toEqual(before);
  expect(await lab.vmstation(['drift'])).toMatchObject({ exitCode: 0 });
  expect(stateFiles('runs/*/kubespray.jsonl')).toHaveLength(1);
});

test('the journal tells the killed runs from the others', async () => {
  const runs = JSON.parse((await lab.vmstation(['runs', 'list', '--json'])).text) as readonly {
    readonly summary?: { readonly ended: string };
  }[];
  expect(runs.map(({ summary }) => summary?.ended ?? 'killed')).toEqual([
    'done',
    'done',
    'killed',
    'killed',
    'killed',
    'killed',
  ]);
});
