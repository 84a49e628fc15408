import type { CommandHandler } from '../command/define-command.ts';
import { openSession } from '../compose/session.ts';
import { jsonText } from '../render/json.ts';

const longestMs = 10 * 60_000;

/** Runs one command on a machine and ends with its exit code. */
export const handleNodeRun: CommandHandler = async (invocation) => {
  const { io, global } = invocation;
  const node = invocation.required('node');
  const session = await openSession(invocation, { withDiff: false, onEvent: () => {} });
  try {
    session.requireNodes([node]);
    const result = await session.transport.run(node, {
      argv: invocation.rest('command'),
      elevate: invocation.flag('root'),
      timeoutMs: longestMs,
      signal: io.signal,
    });
    const stdout = new TextDecoder().decode(result.stdout);
    if (global.json) io.out(`${jsonText({ node, ...result, stdout })}\n`);
    else {
      io.out(stdout);
      io.err(result.stderr);
    }
    return result.exitCode;
  } finally {
    await session.close();
  }
};
