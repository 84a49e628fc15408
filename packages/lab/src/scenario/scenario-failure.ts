/** A line of a scenario could not be carried out, for a reason of the scenario's own. */
export class ScenarioFailure extends Error {}
