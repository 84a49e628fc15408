import type { ServerChannel } from 'ssh2';
import { fromByteText, toByteText } from '../shell/byte-text.ts';
import { BrokenPipe, OpenFile, Pipe } from '../shell/open-file.ts';

/** A channel's output as an open file: waits while the client is slow, and is a broken pipe once it is gone. */
export class ChannelOutput extends OpenFile {
  readonly #stream: NodeJS.WritableStream & { readonly writable: boolean };
  readonly #translate: (text: string) => string;
  readonly #terminal: boolean;

  constructor(stream: NodeJS.WritableStream & { readonly writable: boolean }, terminal: boolean) {
    super();
    this.#stream = stream;
    this.#terminal = terminal;
    // A terminal's output processing (stty onlcr): a newline alone would only step down.
    this.#translate = terminal ? (text) => text.replaceAll('\n', '\r\n') : (text) => text;
  }

  override get isTerminal(): boolean {
    return this.#terminal;
  }

  read(): string {
    return '';
  }

  write(data: string): void | Promise<void> {
    if (!this.#stream.writable) throw new BrokenPipe();
    if (data === '' || this.#stream.write(Buffer.from(fromByteText(this.#translate(data))))) return undefined;
    return new Promise((resolve) => {
      const done = (): void => {
        this.#stream.off('drain', done).off('close', done);
        resolve();
      };
      this.#stream.on('drain', done).on('close', done);
    });
  }
}

/** What the client sends, as the standard input of a command. */
export function channelInput(channel: ServerChannel): OpenFile {
  const pipe = new Pipe();
  void pumpInto(pipe, channel);
  return pipe.reader;
}

async function pumpInto(pipe: Pipe, channel: ServerChannel): Promise<void> {
  try {
    for await (const chunk of channel as AsyncIterable<Uint8Array>) await pipe.writer.write(toByteText(chunk));
  } catch (error) {
    // The command ended before its input did, or the client went away: both end the input and nothing else.
    if (!(error instanceof BrokenPipe) && !isClosed(error)) throw error;
  } finally {
    pipe.writer.release();
  }
}

function isClosed(error: unknown): boolean {
  return (
    error instanceof Error &&
    ['ERR_STREAM_PREMATURE_CLOSE', 'ERR_STREAM_DESTROYED'].includes((error as NodeJS.ErrnoException).code ?? '')
  );
}

/** Input of a terminal: a line at a time, echoed, with the keys that a person needs to leave. */
export class TerminalInput extends OpenFile {
  readonly #pipe = new Pipe();
  #line = '';

  constructor(channel: ServerChannel, onInterrupt: () => void) {
    super();
    channel.on('data', (chunk: Buffer) => {
      for (const key of chunk.toString('latin1')) this.#press(key, channel, onInterrupt);
    });
    channel.on('end', () => this.#pipe.writer.release());
  }

  override get isTerminal(): boolean {
    return true;
  }

  read(maxBytes: number): string | Promise<string> {
    return this.#pipe.reader.read(maxBytes);
  }

  override readLine(): Promise<string> {
    return this.#pipe.reader.readLine();
  }

  write(): void {
    // Written through the descriptor of the output; a terminal's input side takes nothing.
  }

  #press(key: string, channel: ServerChannel, onInterrupt: () => void): void {
    if (key === '\r' || key === '\n') {
      channel.write('\r\n');
      void this.#pipe.writer.write(`${this.#line}\n`);
      this.#line = '';
    } else if (key === '\x7f' || key === '\b') {
      if (this.#line !== '') channel.write('\b \b');
      this.#line = this.#line.slice(0, -1);
    } else if (key === '\x03') {
      channel.write('^C\r\n');
      this.#line = '';
      onInterrupt();
    } else if (key === '\x04') {
      if (this.#line === '') this.#pipe.writer.release();
    } else if (key >= ' ') {
      this.#line += key;
      channel.write(key);
    }
  }
}
