import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { runLine } from '../../apps/cli/src/testing/run-line.ts';

/* Whole lives of a cluster against their committed records, byte for byte. `vitest run tests/scenarios -u` writes them anew. */
const folder = import.meta.dirname;
const scenarios = readdirSync(folder).filter((name) => name.endsWith('.scenario'));

let scratch: string;
beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), 'scenarios-'));
});
afterEach(() => rmSync(scratch, { recursive: true, force: true }));

test.each(scenarios)('%s goes as it is recorded', async (name) => {
  const { exitCode, out, err } = await runLine(['lab', 'scenario', name], { folder });
  expect(err).toBe('');
  await expect(out).toMatchFileSnapshot(join(folder, name.replace(/scenario$/, 'out')));
  expect(exitCode).toBe(0);
});

test('every scenario has its record, and every record its scenario', () => {
  const records = readdirSync(folder).filter((name) => name.endsWith('.out'));
  expect(records).toEqual(scenarios.map((name) => name.replace(/scenario$/, 'out')));
});

/** Sets machines up, tampers with them and looks at them a day later: everything random in the lab plays a part. */
async function record(seed: string): Promise<string> {
  const script = readFileSync(join(folder, 'seeds.scenario'), 'utf8').replace(/^seed .*$/m, `seed ${seed}`);
  writeFileSync(join(scratch, 'seeded.scenario'), script);
  const { out, err } = await runLine(['lab', 'scenario', 'seeded.scenario'], { folder: scratch });
  return out + err;
}

test('property: the same seed gives the same bytes, and another seed gives others', async () => {
  const seed = fc.stringMatching(/^[a-z0-9]{1,8}$/);
  await fc.assert(
    fc.asyncProperty(seed, async (first) => {
      const [once, again, other] = [await record(first), await record(first), await record(`${first}-other`)];
      expect(again).toBe(once);
      expect(other).not.toBe(once);
    }),
    { numRuns: 2 },
  );
});

async function complaint(script: string): Promise<string> {
  writeFileSync(join(scratch, 'faulty.scenario'), script);
  const { exitCode, err, out } = await runLine(['lab', 'scenario', 'faulty.scenario'], { folder: scratch });
  expect([exitCode === 0, out]).toEqual([false, '']);
  return err;
}

test('all faults of a script are told with file, line and column, and nothing is started', async () => {
  const err = await complaint(
    'start example\nadvanec 2h\nadvance soon\n  expect drift\nexpect pods two\nshow "pods\nrepeat 2\n  run drift now\n',
  );
  for (const place of [
    'faulty.scenario:1:1: a scenario begins with `seed WORD`',
    'faulty.scenario:2:1: `advanec` is no verb; did you mean `advance`?',
    'faulty.scenario:3:9: `soon` is no duration',
    'faulty.scenario:4:15: here the exit code of `drift` is missing',
    'faulty.scenario:5:13: `two` is no whole number',
    'faulty.scenario:6:6: this quote is not closed',
    'faulty.scenario:7:1: this `repeat` has no `end`',
  ])
    expect(err.replaceAll(/\s+/g, ' ')).toContain(place);
});

test('an expectation that is not met ends with 1, and the rest is still played', async () => {
  writeFileSync(join(scratch, 'x.scenario'), 'seed 1\nstart example\nexpect power homelab off\non homelab hostname\n');
  const { exitCode, out } = await runLine(['lab', 'scenario', 'x.scenario'], { folder: scratch });
  expect(exitCode).toBe(1);
  expect(out).toContain('NOT MET: on');
  expect(out).toContain('    homelab\n');
  expect(out).toContain('0 expectations met, 1 not');
});

test('what cannot be done breaks the scenario off and says why', async () => {
  writeFileSync(join(scratch, 'x.scenario'), 'seed 1\nstart example\nfault nobody liar\nshow power\n');
  const { exitCode, out } = await runLine(['lab', 'scenario', 'x.scenario'], { folder: scratch });
  expect(exitCode).toBe(1);
  expect(out).toContain('broken off: The lab has no machine nobody');
  expect(out).not.toContain('show power');
});
