import { quoteArgument, quoteArguments } from '@vmstation/remote';

/** Shell source that is already right: values in it are quoted. */
export class ShellText {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** Shell source: every interpolated text or list is quoted, so that only the literal parts are ever read as shell. They are taken raw: `\\n` stays two characters. */
export function sh(
  literals: TemplateStringsArray,
  ...values: readonly (string | number | readonly string[] | ShellText)[]
): ShellText {
  const parts = literals.raw.map((part) => part.replaceAll('\\${', '${').replaceAll('\\`', '`'));
  let text = parts[0] ?? '';
  values.forEach((value, index) => {
    text += shellValue(value) + (parts[index + 1] ?? '');
  });
  return new ShellText(text);
}

/** Shell sources as lines of one; empty ones are left out. */
export function lines(...parts: readonly (ShellText | undefined)[]): ShellText {
  return new ShellText(
    parts
      .filter((part) => part !== undefined && part.text !== '')
      .map((part) => part?.text)
      .join('\n'),
  );
}

function shellValue(value: string | number | readonly string[] | ShellText): string {
  if (value instanceof ShellText) return value.text;
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' ? quoteArgument(value) : quoteArguments(value);
}

/**
 * A command line in which `{}` inside an argument stands for a shell variable, for example the path of a candidate file.
 */
export function withPlaceholder(argv: readonly string[], variable: string): ShellText {
  const words = argv.map((word) =>
    word
      .split('{}')
      .map((part) => (part === '' ? '' : quoteArgument(part)))
      .join(`"$${variable}"`),
  );
  return new ShellText(words.map((word) => (word === '' ? "''" : word)).join(' '));
}

/**
 * Writes exact content to the file named by a shell word: as a here-document that a person can read, or as base64 when it
 * could not pass through one unchanged.
 */
export function writeContent(target: ShellText, content: string, delimiter: string): ShellText {
  return feed(sh`cat >${target}`, content, delimiter) ?? writeBytes(target, Buffer.from(content, 'utf8'), delimiter);
}

/** A command that reads exact content from a here-document; undefined when the content could not pass through one unchanged. */
export function feed(command: ShellText, content: string, delimiter: string): ShellText | undefined {
  if (!isPlainText(content) || content.split('\n').includes(delimiter) || losesBytesInDash(content, delimiter))
    return undefined;
  return new ShellText(`${command.text} <<'${delimiter}'\n${content}${delimiter}`);
}

/** Writes exact bytes to the file named by a shell word. */
export function writeBytes(target: ShellText, bytes: Buffer, delimiter: string): ShellText {
  const encoded = bytes.toString('base64');
  const wrapped = encoded === '' ? '' : `${encoded.replaceAll(/(.{76})/g, '$1\n').replace(/\n$/, '')}\n`;
  return new ShellText(`base64 -d >${target.text} <<'${delimiter}'\n${wrapped}${delimiter}`);
}

/**
 * dash drops a byte above 127 that follows the beginning of a here-document's delimiter at the beginning of a line (seen with 0.5.12:
 * a line `CONTENT_é` under the delimiter CONTENT_1 comes out without the first byte of é).
 */
function losesBytesInDash(content: string, delimiter: string): boolean {
  return content.split('\n').some((line) => {
    let at = 0;
    while (at < line.length && line[at] === delimiter[at]) at += 1;
    return at > 0 && line.charCodeAt(at) > 127;
  });
}

/** Text of whole lines without control characters. An empty file is not one, because a here-document could not say it. */
function isPlainText(content: string): boolean {
  return content.endsWith('\n') && !/[^\P{Cc}\t\n]|[\u2028\u2029\ufeff]/u.test(content) && content.isWellFormed();
}
