import type { DocumentPath, Fault } from '@vmstation/core';
import { type Document, isCollection, isScalar, LineCounter, parseDocument, visit, type YAMLError } from 'yaml';
import type { FilePosition, LocatedFault } from './located-fault.ts';
import { hasPath, pathOfKeyAt, rangeOf } from './yaml-position.ts';

/** A YAML file as read: its value, and where in the text each part of it stands. */
export interface YamlDocument {
  readonly file: string;
  /** Undefined when the text is no YAML. */
  readonly value: unknown;
  /** True when the text has a value in spite of its faults: of keys that stand twice the last counts. */
  readonly isReadable: boolean;
  /** Keys that stand twice: faults that follow from their content are not to be told. */
  readonly unsure: readonly DocumentPath[];
  /** What the text itself has wrong. */
  readonly faults: readonly LocatedFault[];
  /** Where a path stands; for a path that is not written, its nearest written ancestor. */
  position(path: DocumentPath, atKey?: boolean): FilePosition;
  /** True when the document writes something at the path. */
  has(path: DocumentPath): boolean;
  /** A fault about a path of this document, with its place. */
  locate(fault: Fault): LocatedFault;
}

/** Codes for what is wrong with the text of a family of documents. */
export interface YamlFaultCodes {
  readonly syntax: Fault['code'];
  readonly duplicateKey: Fault['code'];
}

/** Reads one YAML document with positions. Never throws for bad text: that is a fault. */
export function readYamlDocument(file: string, text: string, codes: YamlFaultCodes): YamlDocument {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, prettyErrors: false, version: '1.2', uniqueKeys: true });
  const places = placesIn(file, text, lineCounter);
  const textFaults = document.errors.map(
    (error): LocatedFault => ({ ...places.at(error.pos[0], 1), ...wordsOf(error, codes, document), severity: 'error' }),
  );
  const forbidden = forbiddenKeys(document).map((offset): LocatedFault => {
    const message = 'The key __proto__ has a meaning of its own in JavaScript and is not taken.';
    return { ...places.at(offset, 9), code: codes.syntax, severity: 'error', message, tryThis: 'Choose another name.' };
  });
  const endless = endlessAliases(document).map(
    ({ offset, name }): LocatedFault => ({
      ...places.at(offset, name.length + 1),
      code: codes.syntax,
      severity: 'error',
      message: `The alias *${name} stands inside the very value that it repeats, so it has no end.`,
      tryThis: 'Write the value out, or move the alias out of it.',
    }),
  );
  const tagged = document.warnings.map(
    (warning): LocatedFault => ({
      ...places.at(warning.pos[0], warning.pos[1] - warning.pos[0]),
      code: codes.syntax,
      severity: 'error',
      message:
        warning.code === 'TAG_RESOLVE_FAILED'
          ? `The tag ${text.slice(...warning.pos)} has no meaning in this file.`
          : sentence(warning.message),
      tryThis: 'Remove it.',
    }),
  );
  const faults = [...textFaults, ...forbidden, ...endless, ...tagged];
  const refused = forbidden.length + endless.length + tagged.length;
  const plain = document.errors.every((error) => error.code === 'DUPLICATE_KEY') && refused === 0;
  const read = plain ? plainValue(document) : { value: undefined, refusal: undefined };
  if (read.refusal !== undefined) {
    faults.push({
      ...places.at(0, 1),
      code: codes.syntax,
      severity: 'error',
      message: read.refusal,
      tryThis: 'Use fewer aliases.',
    });
  }
  const place = (path: DocumentPath, atKey = false): ReturnType<typeof places.at> => {
    const range = rangeOf(document, path, atKey);
    return places.at(range.start, range.length);
  };
  return {
    file,
    value: read.value,
    isReadable: plain && read.refusal === undefined,
    unsure: unsurePaths(document),
    faults,
    position: (path, atKey) => positionOf(place(path, atKey)),
    has: (path) => hasPath(document, path),
    locate: (fault) => located(fault, place),
  };
}

/** Paths of keys that stand twice: what follows from their content is not certain. */
function unsurePaths(document: Document): readonly DocumentPath[] {
  return document.errors.flatMap((error) => {
    const path = error.code === 'DUPLICATE_KEY' ? pathOfKeyAt(document, error.pos[0]) : undefined;
    return path === undefined ? [] : [path];
  });
}

type Place = FilePosition & { readonly sourceLine: string; readonly length: number };

function placesIn(file: string, text: string, lineCounter: LineCounter): { at(offset: number, length: number): Place } {
  const lines = text.split(/\r?\n/);
  return {
    at: (offset, length) => {
      const { line, col } = lineCounter.linePos(offset);
      const position = { file, line: Math.max(1, line), column: Math.max(1, col) };
      return { ...position, sourceLine: lines[position.line - 1] ?? '', length: Math.max(1, length) };
    },
  };
}

function positionOf({ file, line, column }: FilePosition): FilePosition {
  return { file, line, column };
}

function located(fault: Fault, place: (path: DocumentPath, atKey?: boolean) => Place): LocatedFault {
  const at = place(fault.path, fault.atKey);
  return {
    ...at,
    ...(fault.sensitive === true ? { sourceLine: masked(at) } : {}),
    code: fault.code,
    severity: fault.severity,
    message: fault.message,
    tryThis: fault.tryThis,
    ...(fault.related === undefined ? {} : { related: positionOf(place(fault.related)) }),
  };
}

/** The line with the value at fault made unreadable. */
function masked({ sourceLine, column, length }: Place): string {
  const start = column - 1;
  const hidden = '•'.repeat(Math.min(length, sourceLine.length - start));
  return sourceLine.slice(0, start) + hidden + sourceLine.slice(start + length);
}

function plainValue(document: Document): { readonly value: unknown; readonly refusal: string | undefined } {
  try {
    return { value: document.toJS({ maxAliasCount: 100 }) as unknown, refusal: undefined };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { value: undefined, refusal: `The file cannot be read: ${reason}.` };
  }
}

/** Offsets of keys that no document may have. */
function forbiddenKeys(document: Document): readonly number[] {
  const found: number[] = [];
  visit(document, {
    Pair: (_key, pair) => {
      if (isScalar(pair.key) && pair.key.value === '__proto__') found.push(pair.key.range?.[0] ?? 0);
    },
  });
  return found;
}

/** Aliases of a value that they are part of. */
function endlessAliases(document: Document): readonly { readonly offset: number; readonly name: string }[] {
  const found: { offset: number; name: string }[] = [];
  visit(document, {
    Alias: (_key, alias, ancestors) => {
      if (!ancestors.some((node) => isCollection(node) && node.anchor === alias.source)) return;
      found.push({ offset: alias.range?.[0] ?? 0, name: alias.source });
    },
  });
  return found;
}

function wordsOf(
  error: YAMLError,
  codes: YamlFaultCodes,
  document: Document,
): Pick<LocatedFault, 'code' | 'message' | 'tryThis'> {
  switch (error.code) {
    case 'DUPLICATE_KEY':
      return {
        code: codes.duplicateKey,
        message: `${pathOfKeyAt(document, error.pos[0])?.at(-1) ?? 'This key'} stands here twice.`,
        tryThis: 'Give each its own name, or merge the two.',
      };
    case 'TAB_AS_INDENT':
      return { code: codes.syntax, message: 'A tab stands where YAML wants spaces.', tryThis: 'Indent with spaces.' };
    case 'BAD_INDENT':
      return {
        code: codes.syntax,
        message: sentence(error.message),
        tryThis: 'Keys of one group start in one column.',
      };
    case 'MULTIPLE_DOCS':
      return { code: codes.syntax, message: 'A second document starts here.', tryThis: 'Remove the line ---.' };
    default:
      return {
        code: codes.syntax,
        message: `This is no YAML: ${sentence(error.message)}`,
        tryThis: 'Look at this line and the one above it: a colon, quote or bracket is missing or too many.',
      };
  }
}

function sentence(text: string): string {
  const first = text.split('\n')[0] ?? text;
  return /[.!?]$/.test(first) ? first : `${first}.`;
}
