import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { type Claim, claimName } from './claim.ts';

const name = `test-${process.pid}`;

function claimed(answer: Awaited<ReturnType<typeof claimName>>): Claim {
  if (!('release' in answer)) throw new Error(`held by ${answer.heldBy}`);
  return answer;
}

test.runIf(process.platform === 'linux')(
  'a name is held once, by somebody who can be named, until it is released',
  async () => {
    const first = claimed(await claimName(name, 'the first'));
    expect(await claimName(name, 'the second')).toEqual({ heldBy: 'the first' });
    await first.release();
    await claimed(await claimName(name, 'the second')).release();
  },
);

test.runIf(process.platform === 'linux')('the name of a killed process is free', async () => {
  const module = JSON.stringify(join(import.meta.dirname, 'claim.ts'));
  const script = `const { claimName } = await import(${module}); await claimName('${name}-killed', 'a child'); console.log('held'); setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  await once(child.stdout, 'data');
  expect(await claimName(`${name}-killed`, 'we')).toEqual({ heldBy: 'a child' });
  child.kill('SIGKILL');
  await once(child, 'exit');
  await claimed(await claimName(`${name}-killed`, 'we')).release();
});
