import type { Endpoint, ProbeAnswer } from '@vmstation/core';
import { table } from './layout.ts';
import { mark, type Style } from './style.ts';

/** An endpoint of the model with what it answered just now. */
export interface AskedEndpoint {
  readonly endpoint: Endpoint;
  readonly answer: ProbeAnswer;
}

/** Where things answer: the model's address, the address that was really dialled when it is another, and what came back. */
export function renderAddresses(asked: readonly AskedEndpoint[], style: Style): string {
  const rows = asked.map(({ endpoint, answer }) => [
    `${mark(answer.ok ? (answer.standIn === undefined ? 'unchanged' : 'not-proved') : 'failed', style)} ${endpoint.title}`,
    endpoint.url,
    endpoint.url.includes(answer.dialled) ? '' : answer.dialled,
    answer.standIn === undefined ? answer.detail : `stand-in for ${answer.standIn}`,
  ]);
  return table(['address', 'in the model', 'reached here at', 'answer'], rows, style, '').join('\n');
}
