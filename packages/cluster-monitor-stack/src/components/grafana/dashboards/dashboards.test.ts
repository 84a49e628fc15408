import { expect, test } from 'vitest';
import { dashboardJson } from './dashboard.ts';
import { dashboardFiles, ownDashboards } from './index.ts';

interface Rendered {
  readonly uid: string;
  readonly panels: readonly {
    readonly id: number;
    readonly type: string;
    readonly datasource: { readonly uid: string };
    readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
    readonly targets: readonly { readonly expr: string }[];
  }[];
  readonly templating: { readonly list: readonly { readonly name: string }[] };
}

test.each(ownDashboards)(
  '$title: panels fit the grid, do not overlap, and use data sources that exist',
  (dashboard) => {
    const { panels, templating } = JSON.parse(dashboardJson(dashboard)) as Rendered;
    const variables = new Set(templating.list.map(({ name }) => name));
    const cells = new Set<string>();
    for (const { gridPos, datasource, targets, type } of panels) {
      expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
      expect(['prometheus', 'loki']).toContain(datasource.uid);
      expect(['timeseries', 'stat', 'logs']).toContain(type);
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          expect(cells.has(`${x},${y}`)).toBe(false);
          cells.add(`${x},${y}`);
        }
      }
      for (const { expr } of targets)
        for (const [, variable] of expr.matchAll(/\$(\w+)/g)) expect(variables).toContain(variable);
    }
  },
);

test('a file that is no dashboard is refused by name', () => {
  for (const text of ['{', '[]', 'null', '{"uid":"x"}'])
    expect(() => dashboardFiles([{ name: 'x.json', text }])).toThrow(/dashboards\/x\.json is no Grafana dashboard/);
});
