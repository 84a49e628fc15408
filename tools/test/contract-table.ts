/** Where a contract is tried. */
const sides = ['embedded', 'hosts', 'guests'] as const;
type Side = (typeof sides)[number];

/** From best to worst: a case that was tried more than once shows its worst. */
const outcomes = ['kept', 'unfit', 'cannot', 'broken'] as const;
type Outcome = (typeof outcomes)[number];

/** One line that a suite leaves for each case. */
interface Result {
  readonly port: string;
  readonly title: string;
  readonly side: Side;
  readonly outcome: Outcome;
  readonly reason?: string;
}

type Row = Partial<Record<Side, Result>>;

/** A port with more cases than this shows counts, and only the cases that are not kept. */
const longPort = 12;

/**
 * The table of a run: case, embedded, hosts, by port, and guests where they ran. What was not kept stands there with its reason.
 * @param lines JSON, one result each. @returns Lines of text; none without results.
 */
export function contractTable(lines: readonly string[]): readonly string[] {
  const ports = new Map<string, Map<string, Row>>();
  for (const json of lines) {
    const result = JSON.parse(json) as Result;
    const rows = ports.get(result.port) ?? new Map<string, Row>();
    ports.set(result.port, rows);
    const row = rows.get(result.title) ?? {};
    rows.set(result.title, row);
    const before = row[result.side];
    if (before === undefined || rank(before) < rank(result)) row[result.side] = result;
  }
  if (ports.size === 0) return [];
  const withGuests = [...ports.values()].some((rows) => [...rows.values()].some((row) => row.guests !== undefined));
  const shownSides = withGuests ? sides : sides.slice(0, 2);
  const body = [...ports]
    .toSorted(([one], [other]) => one.localeCompare(other))
    .flatMap(([port, rows]) => section(port, rows, shownSides));
  return [line('case', shownSides), ...body];
}

function rank({ outcome }: Result): number {
  return outcomes.indexOf(outcome);
}

function section(port: string, rows: ReadonlyMap<string, Row>, shownSides: readonly Side[]): readonly string[] {
  const counted = shownSides.map((side) => countsOf([...rows.values()].flatMap((row) => row[side] ?? [])));
  const shown = [...rows].filter(([, row]) => rows.size <= longPort || sides.some((side) => !isKept(row[side])));
  return [
    line(`${port} (${rows.size} ${rows.size === 1 ? 'case' : 'cases'})`, counted),
    ...shown.flatMap(([title, row]) => [
      line(
        `  ${title}`,
        shownSides.map((side) => row[side]?.outcome ?? '-'),
      ),
      ...sides.flatMap((side) => (row[side]?.reason === undefined ? [] : [`      ${side}: ${row[side].reason}`])),
    ]),
  ];
}

function isKept(result: Result | undefined): boolean {
  return result === undefined || result.outcome === 'kept';
}

function countsOf(results: readonly Result[]): string {
  const counts = outcomes.flatMap((outcome) => {
    const count = results.filter((result) => result.outcome === outcome).length;
    return count === 0 ? [] : [`${count} ${outcome}`];
  });
  return counts.length === 0 ? '-' : counts.join(', ');
}

const titleWidth = 90;
const sideWidth = 28;

function line(title: string, columns: readonly string[]): string {
  const cut = title.length > titleWidth ? `${title.slice(0, titleWidth - 1)}…` : title;
  return [cut.padEnd(titleWidth), ...columns.map((column) => column.padEnd(sideWidth))].join('  ').trimEnd();
}
