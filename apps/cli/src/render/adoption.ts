import { type Adoption, type LeftOut, type LeftOutReason, nameOfSetting } from '@vmstation/cluster-tools';
import { unifiedDiff } from '@vmstation/host';
import type { PlannedAdoption } from '@vmstation/platform';
import type { HostFolderWrite } from '@vmstation/workspace';
import { renderUnified } from './diff.ts';
import { renderFindings } from './findings.ts';
import { count, table } from './layout.ts';
import { mark, type Style } from './style.ts';

/** What is too much to list one by one, as it needs nobody's attention. */
const counted: Readonly<Partial<Record<LeftOutReason, string>>> = {
  'as-packaged': 'as their packages brought them',
  declared: 'declared by roles already',
};

/** What adopting a machine writes, what it leaves out and why, and what is wrong with the machine. `whole`: new files too are shown line by line. */
export function renderAdoption({ adoption, change }: PlannedAdoption, whole: boolean, style: Style): string {
  const { node, findings } = adoption;
  const parts = [
    ...writesOf(node, adoption, change.writes, style),
    ...change.writes.flatMap((write) => contentOf(write, whole, style)),
    ...leftOutOf(adoption.leftOut, style),
    ...(findings.length === 0
      ? ['', 'Nothing was found to be wrong with the machine.']
      : ['', renderFindings(findings, style)]),
  ];
  return parts.join('\n');
}

function writesOf(
  node: string,
  adoption: Adoption,
  writes: readonly HostFolderWrite[],
  style: Style,
): readonly string[] {
  const same = adoption.files.length - writes.filter(({ origin }) => !origin.endsWith('/settings.yaml')).length;
  const as = same === 0 ? [] : [`${count(same, 'file')} ${same === 1 ? 'is' : 'are'} there as on the machine.`];
  if (writes.length === 0) return [`hosts/${node}/ has all that is to be taken over. ${as.join('')}`.trimEnd()];
  const rows = writes.map(({ origin, before, content }) => [
    `${mark('changed', style)} ${origin}`,
    before === undefined ? 'new' : 'changed',
    linesOf(content),
    adoption.files.find(({ path }) => origin === `hosts/${node}${path}`)?.insteadOf ?? '',
  ]);
  return [
    `From ${node} into the workspace:`,
    ...table(['file', '', '', 'instead of'], rows, style),
    ...settingsLine(adoption),
    ...as,
  ];
}

function linesOf(content: string): string {
  return count(content.split('\n').length - (content.endsWith('\n') ? 1 : 0), 'line');
}

function settingsLine({ settings }: Adoption): readonly string[] {
  return settings.length === 0 ? [] : ['', `Settings: ${settings.map(nameOfSetting).join(', ')}.`];
}

function contentOf({ origin, before, content }: HostFolderWrite, whole: boolean, style: Style): readonly string[] {
  if (before === undefined && !whole) return [];
  return ['', `  ${origin}`, ...renderUnified(unifiedDiff(origin, before ?? '', content), style, '    ')];
}

function leftOutOf(leftOut: readonly LeftOut[], style: Style): readonly string[] {
  const listed = leftOut.filter(({ reason }) => counted[reason] === undefined);
  const sums = Object.entries(counted).flatMap(([reason, words]) => {
    const number = leftOut.filter((one) => one.reason === reason).length;
    return number === 0 ? [] : [`${count(number, 'file')} ${words}`];
  });
  if (leftOut.length === 0) return [];
  const rows = listed.map(({ what, why }) => [what, why]);
  const head = ['', `Left out${sums.length === 0 ? '' : `: ${sums.join(', ')}${rows.length === 0 ? '.' : '; and'}`}`];
  return rows.length === 0 ? head : [...head, ...table(['', ''], rows, style)];
}
