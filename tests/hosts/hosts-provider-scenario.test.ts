import { expect, onTestFinished, test } from 'vitest';
import { outcomesOf, type ProviderWorkspace, providerWorkspace } from './hosts-provider-workspace.ts';

// One operator's afternoon by the same code on simulated and on real machines; nothing but the provider's name is changed.

const tampered = '/etc/rsyslog.d/10-vmstation-sender.conf';

/** What the afternoon came to: exit codes, outcomes of steps and what was seen on the machines. */
interface Afternoon {
  readonly [what: string]: unknown;
}

async function afternoon(workspace: ProviderWorkspace): Promise<Afternoon> {
  const { vmstation, onMachine } = workspace;
  let lastRun = '';
  const ran = async (...args: readonly string[]) => {
    const { exitCode, text } = await vmstation(...args, '--yes', '--json');
    lastRun = /"runId":"([^"]+)"/.exec(text)?.[1] ?? '';
    return { exitCode, steps: outcomesOf(text) };
  };
  const read = () => onMachine('storagenodet3500', `cat ${tampered}`);
  const drifted = async () => {
    const { exitCode, text } = await vmstation('drift', '--node', 'storagenodet3500');
    return { exitCode, namesTheFile: text.includes(tampered) };
  };
  const setup = await ran('setup');
  const config = await ran('config', 'apply');
  const again = await ran('config', 'apply');
  const declared = await read();
  await onMachine('storagenodet3500', `echo '# by hand' >>${tampered}`);
  const drift = await drifted();
  const repair = await ran('config', 'apply', '--tags', 'syslog');
  const repaired = await read();
  const rollback = (await vmstation('config', 'rollback', lastRun, '--yes')).exitCode;
  const rolledBack = await read();
  const prerequisites = await vmstation('verify', 'prerequisites');
  return {
    setup,
    config,
    again,
    declared,
    drift,
    repair,
    repaired,
    rollback,
    rolledBack,
    prerequisites: prerequisites.exitCode,
  };
}

test('setup, config, drift, tampering and repair come out the same on simulated and on real machines', async () => {
  const [simulated, real] = await Promise.all([providerWorkspace('embedded'), providerWorkspace('hosts')]);
  onTestFinished(async () => {
    await Promise.all([simulated.remove(), real.remove()]);
  });
  const [embedded, hosts] = await Promise.all([afternoon(simulated), afternoon(real)]);
  expect(embedded).toMatchObject({
    config: { exitCode: 0 },
    drift: { exitCode: 2, namesTheFile: true },
    rollback: 0,
    rolledBack: `${String(embedded['declared'])}# by hand\n`,
    prerequisites: 0,
  });
  expect(hosts).toEqual(embedded);

  // Real machines carry no cluster: that is said, and nothing else is lost by it.
  const { exitCode, text } = await real.vmstation('up', '--to', 'config', '--yes', '--json');
  expect(exitCode).toBe(1);
  expect(text).toContain('infra/installer-missing');
  expect(outcomesOf(text).filter((line) => !line.startsWith('unchanged'))).toEqual([
    'blocked infra/deploy',
    'blocked infra/kubeconfig',
    'blocked infra/verify',
    // It was just rolled back to what was done by hand.
    'changed config/syslog/storagenodet3500',
    'changed infra/render',
  ]);
}, 900_000);
