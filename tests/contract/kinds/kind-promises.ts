import { expect } from 'vitest';
import type { KindCase, Tampering } from './kind-case.ts';
import { asRoot, attributesThatDiffer, type KindSubject, type KindWorkplace, openWorkplace } from './kind-subject.ts';

/**
 * The contract of a kind: brought about and then clean; a second apply writes nothing; what does not matter is not reported; whatever was
 * tampered with is reported, that alone, and repaired; a rollback gives what was found, and so does an uninstallation.
 */
export async function keepPromises(kindCase: KindCase, subject: KindSubject): Promise<void> {
  const work = openWorkplace(subject);
  const script = (of: KindCase['before']): string => (typeof of === 'function' ? of(subject) : (of ?? ':'));
  try {
    await asRoot(subject, script(kindCase.before));
    await promises(kindCase, work);
  } finally {
    await asRoot(subject, `${script(kindCase.after)}\nrm -rf ${work.stateFolder}`);
  }
}

async function promises(kindCase: KindCase, work: KindWorkplace): Promise<void> {
  const { subject } = work;
  const wants = kindCase.wants(subject);
  const clean = () => attributesThatDiffer(work, wants);
  const found = await asRoot(subject, kindCase.shows);
  expect(await clean(), 'before the first apply').not.toEqual([]);
  expect(await asRoot(subject, kindCase.shows), 'a check changes nothing').toBe(found);
  const first = await apply(kindCase, work, 'changed');
  expect(await clean(), 'after the first apply').toEqual([]);

  const before = await asRoot(subject, everythingWritten(kindCase));
  await apply(kindCase, work, 'unchanged');
  expect(await asRoot(subject, everythingWritten(kindCase)), 'a second apply writes nothing').toBe(before);

  const { failed } = await work.host.rollback(subject.node, first);
  expect(failed, 'what a rollback could not take back').toEqual([]);
  expect(await asRoot(subject, kindCase.shows), 'a rollback gives what was found').toBe(found);

  await apply(kindCase, work, 'changed');
  for (const innocent of kindCase.innocent ?? []) {
    await asRoot(subject, innocent);
    expect(await clean(), `a false alarm after: ${innocent}`).toEqual([]);
  }
  for (const tampering of kindCase.tampered) await tamper(kindCase, work, tampering);
  await uninstall(work);
  expect(await asRoot(subject, kindCase.shows), 'an uninstallation gives what was found').toBe(found);
}

async function apply({ wants }: KindCase, work: KindWorkplace, outcome: 'changed' | 'unchanged'): Promise<string> {
  const resources = wants(work.subject);
  const runId = work.newRunId();
  const report = await work.host.apply({ node: work.subject.node, runId, resources });
  const others = report.resources.filter((one) => one.outcome !== outcome);
  expect(others, `each resource ends ${outcome}`).toEqual([]);
  return runId;
}

async function tamper(kindCase: KindCase, work: KindWorkplace, { attribute, script, refused }: Tampering) {
  const { subject, host } = work;
  const wants = kindCase.wants(subject);
  await asRoot(subject, script);
  const seen = await attributesThatDiffer(work, wants);
  expect(seen, `after: ${script}`).toEqual([expect.stringMatching(endsWith(attribute))]);
  const runId = work.newRunId();
  const { resources } = await host.apply({ node: subject.node, runId, resources: wants });
  const told = resources.filter(({ outcome }) => outcome !== 'unchanged');
  if (refused === undefined) {
    expect(told, `the repair after: ${script}`).toMatchObject([{ outcome: 'changed' }]);
  } else {
    expect(told, `the refusal after: ${script}`).toMatchObject([
      { outcome: 'failed', reason: expect.stringMatching(refused.reason) },
    ]);
    expect(await attributesThatDiffer(work, wants)).toEqual(seen);
    await asRoot(subject, refused.mend);
  }
  expect(await attributesThatDiffer(work, wants), `repaired after: ${script}`).toEqual([]);
}

async function uninstall({ uninstaller, subject, stateFolder }: KindWorkplace): Promise<void> {
  const records = await uninstaller.records(subject.node);
  const { failed } = await uninstaller.takeBack(subject.node, records);
  expect(failed, 'what an uninstallation could not take back').toEqual([]);
  const named = await uninstaller.forget(subject.node);
  expect(named.filter((path) => path.startsWith(stateFolder))).toEqual([]);
}

/** Inode and times of every file where a kind may write, and when units were started. */
function everythingWritten({ units = [] }: KindCase): string {
  const folders = '/etc /root /home /srv /opt /usr/local /usr/share/keyrings /var/lib/apt/lists /var/lib/vmstation*';
  return [
    `for d in ${folders}; do if [ -d "$d" ]; then find "$d" -xdev -exec stat -c '%n %i %a %u %g %y %z' {} +; fi; done`,
    ...units.map((unit) => `systemctl show -p ActiveEnterTimestampMonotonic,MainPID,NRestarts ${unit}`),
  ].join('\n');
}

function endsWith(attribute: string): RegExp {
  return new RegExp(`(?:^| )${attribute.replaceAll(/[.*+?^${}()|[\]\\/]/g, '\\$&')}$`);
}
