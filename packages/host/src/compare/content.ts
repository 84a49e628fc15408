import { type Difference, type NodeCheck, type Resource, type ResourceId, resourceId } from '@vmstation/core';
import { quoteArgument } from '@vmstation/remote';
import { unitPath } from '../kinds/unit/index.ts';
import type { Observations } from '../observe/observations.ts';
import { parseReply } from '../observe/reply.ts';
import { type HostContext, runScript, textOf } from '../script/run-script.ts';
import { unifiedDiff } from './unified-diff.ts';

const greeting = 'vmstation-content 1';
const largestBytes = 256 * 1024;

interface ContentWanted {
  readonly id: ResourceId;
  readonly path: string;
  readonly content: string;
}

/** A second trip for the text of files whose digest differs, never of secrets. Without such files there is none. */
export async function withContentDiffs(
  context: HostContext,
  check: NodeCheck,
  resources: readonly Resource[],
  seen: Observations,
  signal: AbortSignal | undefined,
): Promise<NodeCheck> {
  const wanted = resources.flatMap((resource) => contentWanted(resource, check));
  if (wanted.length === 0) return check;
  const present = wanted.filter(({ path }) => seen.path(path).type === 'file');
  const texts =
    present.length === 0 ? new Map<string, string>() : await fetchTexts(context, check.node, present, signal);
  const states = new Map(check.resources);
  for (const { id, path, content } of wanted) {
    const state = states.get(id);
    const now = seen.path(path).type === 'file' ? texts.get(path) : '';
    if (state?.state !== 'differs' || now === undefined || !isText(content)) continue;
    const diff = unifiedDiff(path, now, content);
    const differences = state.differences.map(
      (one): Difference => (one.attribute === 'content' || one.attribute === 'type' ? { ...one, diff } : one),
    );
    states.set(id, { state: 'differs', differences });
  }
  return { ...check, resources: states, roundTrips: check.roundTrips + (present.length === 0 ? 0 : 1) };
}

function contentWanted(resource: Resource, check: NodeCheck): ContentWanted[] {
  const id = resourceId(resource);
  const state = check.resources.get(id);
  if (
    state?.state !== 'differs' ||
    !state.differences.some(({ attribute }) => attribute === 'content' || attribute === 'type')
  )
    return [];
  if (resource.kind === 'unit') return [{ id, path: unitPath(resource), content: resource.content }];
  if (
    resource.kind !== 'file' ||
    resource.secret === true ||
    resource.encoding !== undefined ||
    resource.content === undefined
  )
    return [];
  return [{ id, path: resource.path, content: resource.content }];
}

/** Text of files, by path; what is too large or no text is left out. */
export async function fetchTexts(
  context: HostContext,
  node: string,
  wanted: readonly { readonly path: string }[],
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<string, string>> {
  const nonce = context.nonce(8);
  const script = contentScript(
    wanted.map(({ path }) => path),
    nonce,
  );
  const result = await runScript(context, node, script, { timeoutMs: context.checkTimeoutMs, signal });
  const { exitCode, stderr } = result;
  const reply = parseReply(textOf(result), { node, nonce, greeting, exitCode, stderr });
  const texts = wanted.flatMap(({ path }, index): [string, string][] => {
    const bytes = Buffer.from(reply.sections.get(String(index))?.lines.join('') ?? '', 'base64');
    const text = bytes.toString('utf8');
    return bytes.length <= largestBytes && isText(text) ? [[path, text]] : [];
  });
  return new Map(texts);
}

/** The script that sends the first part of some files, as base64 between frames. Pure. */
export function contentScript(paths: readonly string[], nonce: string): string {
  const parts = paths.map((path, index) =>
    [
      `printf '%s\\n' '@${nonce} begin ${index}'`,
      `head -c ${largestBytes + 1} ${quoteArgument(path)} | base64; printf '%s\\n' "@${nonce} end ${index} $? -"`,
    ].join('\n'),
  );
  const end = `printf '%s\\n' '@${nonce} done ${1 + paths.length * 2}'`;
  const body = [`printf '%s\\n' '@${nonce} ${greeting}'`, ...parts, end].join('\n');
  return `# vmstation: reads text for a comparison\nmain() {\n${body}\n}\nmain </dev/null\n`;
}

/** No control characters but tab, newline and return, and nothing that was not UTF-8. */
function isText(content: string): boolean {
  return !/[^\P{Cc}\t\n\r]|\ufffd/u.test(content);
}
