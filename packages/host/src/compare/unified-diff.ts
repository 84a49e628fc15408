const context = 3;
/** Beyond this many lines a diff is no longer read by anybody, and costs the square of its length. */
const longestText = 4000;

type Edit = { readonly mark: ' ' | '-' | '+'; readonly line: string };

/** Unified diff of two texts, three lines of context, `a` being what is there. Empty when they are equal. */
export function unifiedDiff(path: string, a: string, b: string): string {
  if (a === b) return '';
  const [before, after] = [linesOf(a), linesOf(b)];
  if (before.length + after.length > longestText) return `${path}: ${before.length} lines become ${after.length}`;
  const edits = editScript(before, after);
  return [`--- ${path} (on the node)`, `+++ ${path} (declared)`, ...hunks(edits)].join('\n');
}

function linesOf(text: string): string[] {
  if (text === '') return [];
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  else lines.push('\\ No newline at end of file');
  return lines;
}

/** Longest common subsequence by dynamic programming over what is left between equal ends. */
function editScript(a: readonly string[], b: readonly string[]): Edit[] {
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start += 1;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a.at(-1 - end) === b.at(-1 - end)) end += 1;
  const [x, y] = [a.slice(start, a.length - end), b.slice(start, b.length - end)];
  const same = (line: string): Edit => ({ mark: ' ', line });
  return [...a.slice(0, start).map(same), ...middle(x, y), ...a.slice(a.length - end).map(same)];
}

function middle(x: readonly string[], y: readonly string[]): Edit[] {
  const width = y.length + 1;
  const length = new Uint32Array((x.length + 1) * width);
  const at = (i: number, j: number): number => length[i * width + j] ?? 0;
  for (let i = x.length - 1; i >= 0; i -= 1) {
    for (let j = y.length - 1; j >= 0; j -= 1)
      length[i * width + j] = x[i] === y[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
  }
  const edits: Edit[] = [];
  let [i, j] = [0, 0];
  while (i < x.length || j < y.length) {
    if (i < x.length && j < y.length && x[i] === y[j]) {
      edits.push({ mark: ' ', line: x[i] ?? '' });
      i += 1;
      j += 1;
    } else if (j >= y.length || (i < x.length && at(i + 1, j) >= at(i, j + 1))) {
      edits.push({ mark: '-', line: x[i] ?? '' });
      i += 1;
    } else {
      edits.push({ mark: '+', line: y[j] ?? '' });
      j += 1;
    }
  }
  return edits;
}

function hunks(edits: readonly Edit[]): string[] {
  const shown = edits.map((_, index) =>
    edits.slice(Math.max(0, index - context), index + context + 1).some((edit) => edit.mark !== ' '),
  );
  const out: string[] = [];
  let [oldLine, newLine] = [1, 1];
  for (let index = 0; index < edits.length; ) {
    if (shown[index] !== true) {
      oldLine += 1;
      newLine += 1;
      index += 1;
      continue;
    }
    let last = index;
    while (shown[last] === true) last += 1;
    const hunk = edits.slice(index, last);
    const removed = hunk.filter(({ mark }) => mark !== '+').length;
    const added = hunk.filter(({ mark }) => mark !== '-').length;
    out.push(
      `@@ -${range(oldLine, removed)} +${range(newLine, added)} @@`,
      ...hunk.map(({ mark, line }) => `${mark}${line}`),
    );
    oldLine += removed;
    newLine += added;
    index = last;
  }
  return out;
}

function range(start: number, count: number): string {
  if (count === 1) return String(start);
  return `${count === 0 ? start - 1 : start},${count}`;
}
