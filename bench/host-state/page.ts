import type { HostStateFigures } from './bench-host-state.ts';
import type { CheckTimes } from './check-rounds.ts';
import type { Cost } from './programs.ts';
import { median, shown } from './statistics.ts';

/** The results as a page: medians with the least and the most of them, and the ratios that are promised. */
export function hostStatePage(figures: HostStateFigures): string {
  const { facts, resources, ansibleTasks, checks, notHere } = figures;
  const { processes } = checks;
  return [
    '# Host state on real machines, measured',
    '',
    'Written by `npm run bench -- host-state --write` (root on Debian). Three Debian 12 machines (systemd-nspawn) and their controller share one computer. Every row of a table was measured in turn with the others of it,',
    'in one run. Each cell: median (least–most, how many).',
    '',
    `- Measured ${facts.measuredAt}; load before: ${facts.loadBefore.map((one) => one.toFixed(2)).join(' ')}`,
    `- ${facts.processor}, ${facts.cores} cores, ${facts.memoryGib} GiB; ${facts.system}, kernel ${facts.kernel}`,
    `- ${facts.versions.join(' · ')}`,
    `- Declared: ${resources.join(', ')} resources on the three machines; the same as a playbook: ${ansibleTasks} tasks and the gathering of facts, pipelining, ControlPersist with open connections, 10 forks`,
    '- Both made the same state: the product’s check of what Ansible made found nothing, and Ansible’s check of what the product made would change nothing',
    '',
    '## Check within the process, all three machines at once, ms',
    '',
    '| connections | product | script by hand | `ssh true` | product − script | limit: 1.5 × script + 60 |',
    '| --- | --- | --- | --- | --- | --- |',
    checkRow('open', checks.warm),
    checkRow('new', checks.cold),
    '',
    `Round trips of a check: ${checks.roundTrips} a machine (limit 1). Processes on the machine: ${processes.whole - processes.bare} for looking, ${processes.told} by its own count (limit 10); ${processes.whole} with sshd’s session, login shell, sudo and sh, of which a bare command takes ${processes.bare}.`,
    '',
    '## No change, the whole command from its start, s',
    '',
    '| | wall | ratio | processor, machines included | ratio |',
    '| --- | --- | --- | --- | --- |',
    costRow('`vmstation drift`, open connections (at a terminal, again within a minute)', figures.driftKept, undefined),
    costRow('`vmstation drift`, new connections', figures.drift, figures.driftKept),
    costRow('`ansible-playbook --check`, open connections', figures.ansibleCheck, figures.driftKept),
    costRow('`ansible-playbook` once more, open connections', figures.ansibleApply, figures.driftKept),
    '',
    `Against \`drift\` with new connections Ansible's check takes ${timesText(figures.ansibleCheck, figures.drift)}.`,
    '',
    `Promised: at least 50. ${notHereText(notHere)}`,
    '',
    '## First apply, new machines, s',
    '',
    '| | wall | ratio | processor, machines included | ratio |',
    '| --- | --- | --- | --- | --- |',
    costRow('product, a process of its own', figures.firstApply, undefined),
    costRow('`ansible-playbook`', figures.firstAnsible, figures.firstApply),
    costRow('the package manager alone, told by hand', figures.packages, figures.firstApply),
    '',
    `Promised: at least 4. ${boundText(figures)} Round trips of an apply: ${figures.applyRoundTrips} a machine (limit 3, the first look included).`,
    '',
  ].join('\n');
}

function checkRow(name: string, { product, script, bare }: CheckTimes): string {
  const limit = 1.5 * median(script) + 60;
  const difference = median(product) - median(script);
  const kept = median(product) <= limit ? 'kept' : 'NOT kept';
  const ratio = (median(product) / median(script)).toFixed(2);
  return `| ${name} | ${shown(product, 0)} | ${shown(script, 0)} | ${shown(bare, 0)} | ${difference.toFixed(0)} (${ratio} ×) | ${limit.toFixed(0)}: ${kept} |`;
}

function costRow(name: string, costs: readonly Cost[], against: readonly Cost[] | undefined): string {
  const seconds = (list: readonly Cost[], what: keyof Cost): readonly number[] => list.map((cost) => cost[what] / 1000);
  const ratio = (what: keyof Cost): string =>
    against === undefined ? '1' : `${(median(seconds(costs, what)) / median(seconds(against, what))).toFixed(1)} ×`;
  return `| ${name} | ${shown(seconds(costs, 'wallMs'), 2)} | ${ratio('wallMs')} | ${shown(seconds(costs, 'cpuMs'), 2)} | ${ratio('cpuMs')} |`;
}

function timesText(costs: readonly Cost[], against: readonly Cost[]): string {
  const ratio = (what: keyof Cost): string =>
    (median(costs.map((cost) => cost[what])) / median(against.map((cost) => cost[what]))).toFixed(1);
  return `${ratio('wallMs')} × its time and ${ratio('cpuMs')} × its processor time`;
}

/** No way to bring the site about is faster than its packages are installed. */
function boundText({ packages, firstApply, firstAnsible }: HostStateFigures): string {
  const wall = (costs: readonly Cost[]): number => median(costs.map(({ wallMs }) => wallMs / 1000));
  const [least, ours, theirs] = [wall(packages), wall(firstApply), wall(firstAnsible)];
  const own = ((theirs - least) / (ours - least)).toFixed(1);
  return `Both wait for the package manager: nobody could be more than ${(theirs / least).toFixed(1)} × faster than Ansible here, and of what is left the product takes ${(ours - least).toFixed(1)} s, Ansible ${(theirs - least).toFixed(1)} s (${own} ×).`;
}

function notHereText(notHere: readonly string[]): string {
  if (notHere.length === 0) return 'The command found nothing different.';
  return `The command compares more than the playbook knows; different is only what containers cannot be: ${notHere.join(', ')}.`;
}
