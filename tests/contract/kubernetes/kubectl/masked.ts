/** Text that differs from run to run, by its name in expected output. */
export type Masks = Readonly<Record<string, string | RegExp>>;

/**
 * kubectl's output with what differs from run to run replaced: ages (`AGE`), times (`TIME`), addresses (`IP`) and whatever `masks` names;
 * columns are two spaces apart, as their width follows what was replaced.
 */
export function masked(text: string, masks: Masks = {}): string {
  let result = text;
  for (const [name, pattern] of Object.entries(masks)) result = result.replaceAll(global(pattern), name);
  return result
    .replaceAll(/\b(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d \w{3} \d{4} [\d:]{8} [+-]\d{4}/gu, 'TIME')
    .replaceAll(/\b\d{4}-\d\d-\d\dT[\d:.]+Z/gu, 'TIME')
    .replaceAll(/\b(\d{1,3}\.){3}\d{1,3}\b/gu, 'IP')
    .replaceAll(/(?<=\s)(\d+[smhdy]){1,2}(?=\s|$)/gu, 'AGE')
    .replaceAll(/[ \t]{2,}|\t/gu, '  ')
    .replaceAll(/[ \t]+$/gmu, '');
}

function global(pattern: string | RegExp): RegExp {
  if (typeof pattern !== 'string') return new RegExp(pattern.source, 'gu');
  return new RegExp(pattern.replaceAll(/[.*+?^${}()|[\]\\]/gu, String.raw`\$&`), 'gu');
}

/** Lines as kubectl prints them, each with its newline. */
export function lines(...text: readonly string[]): string {
  return text.map((line) => `${line}\n`).join('');
}

/** Names of the pods of a Deployment. */
export function podsOf(deployment: string): RegExp {
  return new RegExp(`${deployment}-[a-z0-9]{1,10}-[a-z0-9]{5}`, 'u');
}
