const secondsOfUnit = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 } as const;

/** Duration text of the cluster file: a whole number and one unit, `30s`, `5m`, `2h`, `30d`, `2w`. */
export const durationPattern = /^[1-9]\d{0,5}[smhdw]$/;

/** Seconds of duration text. Throws RangeError when the text is none: the schema has checked it before. */
export function durationSeconds(text: string): number {
  if (!durationPattern.test(text)) throw new RangeError(`${text} is not a duration`);
  const unit = text.at(-1) as keyof typeof secondsOfUnit;
  return Number(text.slice(0, -1)) * secondsOfUnit[unit];
}

/** Whole days of duration text; undefined when it is not a whole number of days. */
export function durationDays(text: string): number | undefined {
  const days = durationSeconds(text) / secondsOfUnit.d;
  return Number.isInteger(days) ? days : undefined;
}
