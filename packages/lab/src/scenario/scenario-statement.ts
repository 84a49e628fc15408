/** Where a word of a scenario stands; line and column count from 1. */
export interface ScenarioPosition {
  readonly line: number;
  readonly column: number;
}

/** What a machine is told about its power. */
export type ScenarioPower = 'sleep' | 'wake' | 'poweroff' | 'reboot';

/** What `show` shows. */
export const scenarioViews = [
  'nodes',
  'pods',
  'deployments',
  'cronjobs',
  'jobs',
  'events',
  'leases',
  'certificates',
  'power',
  'faults',
  'timers',
] as const;
/** What `show` shows. */
export type ScenarioView = (typeof scenarioViews)[number];

/** What `expect` holds something to. */
export type Expectation =
  | { readonly about: 'exit'; readonly code: number }
  | { readonly about: 'drift'; readonly code: number }
  | { readonly about: 'output'; readonly text: string; readonly absent: boolean }
  | { readonly about: 'pods'; readonly count: number; readonly ready: boolean; readonly namespace: string | undefined }
  | { readonly about: 'node'; readonly node: string; readonly ready: boolean }
  | { readonly about: 'power'; readonly node: string; readonly state: 'on' | 'suspended' | 'off' }
  | { readonly about: 'jobs'; readonly count: number; readonly orMore: boolean; readonly cronJob: string }
  | { readonly about: 'file'; readonly node: string; readonly path: string; readonly present: boolean };

/** One line of a scenario. */
export type ScenarioAction =
  | { readonly do: 'seed'; readonly seed: string }
  | { readonly do: 'start'; readonly cluster: string; readonly at: number | undefined }
  | { readonly do: 'run'; readonly argv: readonly string[]; readonly quiet: boolean }
  | { readonly do: 'on'; readonly node: string; readonly command: string }
  | { readonly do: 'apply'; readonly file: string }
  | { readonly do: 'advance'; readonly ms: number }
  | { readonly do: 'fault'; readonly subject: string; readonly words: readonly string[] }
  | { readonly do: 'clear'; readonly subject: string; readonly kind: string | undefined }
  | { readonly do: 'tamper'; readonly node: string; readonly path: string | undefined }
  | { readonly do: 'power'; readonly order: ScenarioPower; readonly node: string }
  | { readonly do: 'expect'; readonly expectation: Expectation }
  | { readonly do: 'show'; readonly view: ScenarioView; readonly words: readonly string[] }
  | { readonly do: 'repeat'; readonly times: number; readonly body: readonly ScenarioStatement[] };

/** A line with what it says and where it stands. */
export interface ScenarioStatement {
  readonly at: ScenarioPosition;
  /** As written, without indent and comment. */
  readonly text: string;
  readonly action: ScenarioAction;
}

/** A parsed script. */
export interface Scenario {
  /** Name for messages, usually the file. */
  readonly file: string;
  readonly seed: string;
  readonly statements: readonly ScenarioStatement[];
}
