import type { SideName } from './contract-case.ts';
import type { ContractSummary } from './contracts.ts';

const headings: Readonly<Record<SideName, string>> = {
  embedded: 'What the embedded lab cannot',
  hosts: 'What real machines on one computer, and real clusters, cannot',
  guests: 'What guests with a kernel of their own cannot',
};

/** The page on what a side of the contracts cannot keep, with the reasons. Markdown. */
export function differencesPage(
  contracts: readonly ContractSummary[],
  beyond: readonly { readonly what: string; readonly why: string }[],
): string {
  return `${[
    '# Where the lab differs from machines and clusters of metal',
    'Contracts hold the embedded lab to what real machines and clusters do; each case runs on both sides wherever it can. What follows is every case that one side cannot keep. It is tried there all the same, and fails the suite as soon as it holds. This page is made from the contracts: `npx vitest run tests/contract/differences.test.ts -u`.',
    ...(['embedded', 'hosts', 'guests'] as const).flatMap((side) => [
      `## ${headings[side]}`,
      ...sectionsOf(contracts, side),
    ]),
    '## What nobody tries',
    'No machine of the suites is of this kind, so that no case can tell:',
    beyond.map(({ what, why }) => `- **${cell(what)}**: ${cell(why)}.`).join('\n'),
  ].join('\n\n')}\n`;
}

function sectionsOf(contracts: readonly ContractSummary[], side: SideName): readonly string[] {
  const sections = contracts.flatMap(({ port, cases }) => {
    const rows = cases.flatMap(({ title, cannot }) =>
      cannot?.[side] === undefined ? [] : [`| ${cell(title)} | ${cell(cannot[side])} |`],
    );
    return rows.length === 0 ? [] : [`### ${port}\n\n| case | why not |\n| --- | --- |\n${rows.join('\n')}`];
  });
  return sections.length === 0 ? ['Nothing.'] : sections;
}

/** Text for a table: what Markdown or HTML would take for its own is escaped. */
function cell(text: string): string {
  return text.replaceAll('|', String.raw`\|`).replaceAll('<', '&lt;').replaceAll('\n', ' ');
}
