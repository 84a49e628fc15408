const suffixes: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/** Value of a quantity in its base unit: cores, bytes or pieces. `undefined` counts as 0. Throws for what is no quantity. */
export function quantityValue(quantity: string | number | undefined): number {
  if (quantity === undefined) return 0;
  const match = /^([+-]?[0-9.]+(?:[eE][+-]?\d+)?)([A-Za-z]*)$/u.exec(String(quantity));
  const factor = suffixes[match?.[2] ?? ''];
  if (!match?.[1] || factor === undefined) throw new Error(`${quantity} is no quantity`);
  return Number(match[1]) * factor;
}

/** A cpu amount in cores as `250m` or `2`. */
export function cpuText(cores: number): string {
  return Number.isInteger(cores) ? String(cores) : `${Math.round(cores * 1000)}m`;
}

/** A byte amount with the largest binary suffix that divides it. */
export function bytesText(bytes: number): string {
  for (const suffix of ['Ti', 'Gi', 'Mi', 'Ki']) {
    const factor = suffixes[suffix] ?? 1;
    if (bytes >= factor && bytes % factor === 0) return `${bytes / factor}${suffix}`;
  }
  return String(bytes);
}
