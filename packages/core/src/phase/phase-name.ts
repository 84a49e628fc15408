/** The phases, in the order in which they run (DESIGN 3: the document's dependency matrix). */
export const phaseNames = ['setup', 'infra', 'config', 'monitor-stack', 'application-stack', 'tools'] as const;

/** The name of a phase; the package is `cluster-<name>`. */
export type PhaseName = (typeof phaseNames)[number];

/** True for text that names a phase. */
export function isPhaseName(text: string): text is PhaseName {
  return (phaseNames as readonly string[]).includes(text);
}
