import { datasources } from '../datasources.ts';

/** A Grafana dashboard, as far as ours use its JSON model. */
export interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly panels: readonly Panel[];
  /** Names of template variables, filled from values of a label. */
  readonly variables?: readonly Variable[];
}

/** A choice at the top of a dashboard. */
export interface Variable {
  readonly name: string;
  readonly label: string;
  readonly source: keyof typeof datasources;
  /** For Prometheus `label_values(metric, label)`; for Loki the label. */
  readonly values: string;
}

/** One panel; panels are laid out from left to right in a grid of 24 columns. */
export interface Panel {
  readonly title: string;
  readonly type: 'timeseries' | 'stat' | 'logs';
  readonly description?: string;
  readonly source: keyof typeof datasources;
  readonly queries: readonly Query[];
  /** Grafana's unit id: `percentunit`, `bytes`, `Bps`, `s`. */
  readonly unit?: string;
  readonly width: 6 | 8 | 12 | 24;
  readonly height: number;
  /** Text instead of a number, for values with a meaning. */
  readonly texts?: Readonly<Record<number, { readonly text: string; readonly color: string }>>;
}

/** A query and how its series are named, for example `{{node}}`. */
export interface Query {
  readonly expr: string;
  readonly legend?: string;
}

/** Every query of a dashboard by data source, for the tests that parse them. */
export function queriesOf(dashboard: Dashboard, source: keyof typeof datasources): readonly string[] {
  return dashboard.panels
    .filter((panel) => panel.source === source)
    .flatMap((panel) => panel.queries.map(({ expr }) => expr));
}

/** The dashboard as the JSON that Grafana provisions. */
export function dashboardJson(dashboard: Dashboard): string {
  return `${JSON.stringify(
    {
      uid: dashboard.uid,
      title: dashboard.title,
      tags: ['vmstation'],
      schemaVersion: 41,
      version: 1,
      editable: false,
      refresh: '1m',
      time: { from: 'now-6h', to: 'now' },
      timezone: 'browser',
      templating: { list: (dashboard.variables ?? []).map(variableJson) },
      panels: layOut(dashboard.panels),
    },
    undefined,
    1,
  )}\n`;
}

function variableJson({ name, label, source, values }: Variable): object {
  const prometheus = { query: { query: values, refId: 'values' }, definition: values };
  const loki = { query: { label: values, type: 1, refId: 'values' } };
  return {
    name,
    label,
    type: 'query',
    datasource: datasources[source],
    ...(source === 'prometheus' ? prometheus : loki),
    refresh: 2,
    sort: 1,
    includeAll: true,
    allValue: '.+',
    multi: true,
    current: { text: 'All', value: '$__all' },
  };
}

function layOut(panels: readonly Panel[]): readonly object[] {
  let [x, y, rowHeight] = [0, 0, 0];
  return panels.map((panel, index) => {
    if (x + panel.width > 24) [x, y, rowHeight] = [0, y + rowHeight, 0];
    const gridPos = { x, y, w: panel.width, h: panel.height };
    x += panel.width;
    rowHeight = Math.max(rowHeight, panel.height);
    return { id: index + 1, gridPos, ...panelJson(panel) };
  });
}

function panelJson(panel: Panel): object {
  const datasource = datasources[panel.source];
  const mappings = Object.entries(panel.texts ?? {}).map(([value, shown], index) => ({
    type: 'value',
    options: { [value]: { ...shown, index } },
  }));
  return {
    type: panel.type,
    title: panel.title,
    ...(panel.description === undefined ? {} : { description: panel.description }),
    datasource,
    targets: panel.queries.map(({ expr, legend }, index) => ({
      refId: String.fromCodePoint(65 + index),
      datasource,
      expr,
      ...(legend === undefined ? {} : { legendFormat: legend }),
      ...(panel.type === 'stat' ? { instant: true } : {}),
    })),
    fieldConfig: {
      defaults: {
        ...(panel.unit === undefined ? {} : { unit: panel.unit }),
        mappings,
        min: panel.unit === 's' ? undefined : 0,
      },
      overrides: [],
    },
    options: optionsOf(panel),
  };
}

function optionsOf(panel: Panel): object {
  if (panel.type === 'logs') return { showTime: true, wrapLogMessage: true, sortOrder: 'Descending' };
  if (panel.type === 'stat') return { reduceOptions: { calcs: ['lastNotNull'] }, colorMode: 'background' };
  return { legend: { displayMode: 'list', placement: 'bottom' }, tooltip: { mode: 'multi' } };
}
