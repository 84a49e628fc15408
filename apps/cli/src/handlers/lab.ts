import { spawn } from 'node:child_process';
import { exitCodes } from '@vmstation/core';
import {
  askLab,
  type LabStatus,
  labAnswers,
  labPaths,
  labProviders,
  rememberedProvider,
  resetLab,
  startLab,
  stopLab,
} from '@vmstation/lab';
import { quoteArguments } from '@vmstation/remote';
import { findWorkspace, openWorkspace } from '@vmstation/workspace';
import type { CommandHandler } from '../command/define-command.ts';
import type { Invocation } from '../command/invocation.ts';
import { entryFile } from '../compose/entry-file.ts';
import { holdWorkspace } from '../compose/hold-workspace.ts';
import { requireNodes } from '../compose/require-nodes.ts';
import { startFolder } from '../compose/workspace-folder.ts';
import { jsonText } from '../render/json.ts';
import { count, table, wrap } from '../render/layout.ts';
import { mark, type Style } from '../render/style.ts';
import { requireApproval } from './approval.ts';
import { prepareRehearsal, renderRehearsal } from './lab-rehearsal.ts';

/** A machine that sleeps says nothing; nobody wants to wait for it as long as TCP would. */
const connectTimeoutSeconds = 10;

/** Starts the lab of the workspace, or says that it runs. */
export const handleLabStart: CommandHandler = async (invocation) => {
  const { io, global, style } = invocation;
  const rehearsal = await prepareRehearsal(invocation);
  const status = await start(invocation, rehearsal?.folder);
  if (global.json) {
    io.out(`${jsonText(rehearsal === undefined ? status : { ...status, rehearsal })}\n`);
    return exitCodes.done;
  }
  const machines = count(status.nodes.length, status.provider === 'hosts' ? 'real machine' : 'machine');
  const where = status.provider === 'hosts' ? 'on a network of their own' : 'on loopback';
  io.out(`${mark('unchanged', style)} The lab runs: ${machines} ${where}\n`);
  if (!global.quiet) for (const note of status.notes) io.out(`  ${note}\n`);
  if (rehearsal !== undefined) io.out(renderRehearsal(rehearsal, invocation));
  return exitCodes.done;
};

/** Stops the lab; disks and objects stay. Throws lock/held while a run changes its machines. */
export const handleLabStop: CommandHandler = async (invocation) => {
  const { io, global, style } = invocation;
  const paths = labPaths(await findWorkspace(startFolder(invocation)));
  const stopped = await holdWorkspace(paths.stateDir, invocation, () => stopLab(paths));
  if (global.json) io.out(`${jsonText({ stopped })}\n`);
  else io.out(`${mark('unchanged', style)} ${stopped ? 'The lab is stopped; its disks stay' : 'No lab was running'}\n`);
  return exitCodes.done;
};

/** Shows the machines of the lab; exit code 1 when none runs. */
export const handleLabStatus: CommandHandler = async (invocation) => {
  const { io, global, style } = invocation;
  const paths = labPaths(await findWorkspace(startFolder(invocation)));
  const running = await labAnswers(paths);
  const status = running ? await askLab(paths, 'status', {}) : undefined;
  if (global.json) io.out(`${jsonText({ running, ...status })}\n`);
  else
    io.out(
      `${status === undefined ? 'No lab of this workspace runs: `vmstation lab start`.' : renderStatus(status, style)}\n`,
    );
  return running ? exitCodes.done : exitCodes.failed;
};

/** Makes the machines bare again, and starts them when they ran. Throws lock/held while a run changes them. */
export const handleLabReset: CommandHandler = async (invocation) => {
  const { io, global, style } = invocation;
  const paths = labPaths(await findWorkspace(startFolder(invocation)));
  const what =
    rememberedProvider(paths) === 'hosts'
      ? 'The disks of the lab’s real machines are thrown away'
      : 'The disks of the simulated machines and their cluster are thrown away';
  await requireApproval(invocation, {
    question: `${what}. Go on?`,
    whenAlone: `${what}, and nobody is here to approve it.`,
  });
  const running = await holdWorkspace(paths.stateDir, invocation, async () => {
    const stopped = await stopLab(paths);
    await resetLab(paths);
    if (stopped) await start(invocation);
    return stopped;
  });
  if (global.json) io.out(`${jsonText({ reset: true, running })}\n`);
  else io.out(`${mark('changed', style)} The machines of the lab are bare again${running ? ' and running' : ''}\n`);
  return exitCodes.done;
};

/** Opens a session on a machine of the lab, or runs a command there; ends with its exit code. */
export const handleLabSsh: CommandHandler = async (invocation) => {
  const { io } = invocation;
  const workspace = await openWorkspace(startFolder(invocation));
  const paths = labPaths(workspace.root);
  const node = invocation.required('node');
  requireNodes(workspace.cluster, [node]);
  await askLab(paths, 'status', {});
  const command = invocation.rest('command');
  // One word is a line for the machine's shell, several are a program with its arguments, as the operator's own shell split them.
  const line = command.length > 1 ? quoteArguments(command) : command[0];
  const terminal = line === undefined && io.outIsTerminal ? ['-t'] : [];
  return ssh([
    '-F',
    paths.sshConfigFile,
    '-o',
    `ConnectTimeout=${connectTimeoutSeconds}`,
    ...terminal,
    node,
    ...(line === undefined ? [] : [line]),
  ]);
};

async function start(invocation: Invocation, folder = startFolder(invocation)): Promise<LabStatus> {
  const workspace = await openWorkspace(folder);
  const { io, global, errStyle } = invocation;
  const provider = labProviders.find((name) => name === invocation.option('provider'));
  return startLab({
    workspaceRoot: workspace.root,
    ...(provider === undefined ? {} : { provider }),
    say: (line) => {
      if (!global.quiet) io.err(`${errStyle.paint.quiet(line)}\n`);
    },
    cluster: workspace.cluster,
    daemon: [process.execPath, entryFile('lab-daemon')],
    installer: [process.execPath, entryFile('lab-installer')],
  });
}

function ssh(args: readonly string[]): Promise<number> {
  const child = spawn('ssh', args, { stdio: 'inherit' });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code) => resolve(code ?? 255));
  });
}

function renderStatus(status: LabStatus, style: Style): string {
  const machines = status.nodes.map(({ name, address, sshAddress, sshPort, power }) => [
    `${mark(power === 'on' ? 'unchanged' : 'queued', style)} ${name}`,
    power === 'suspended' ? 'asleep' : power,
    address,
    `${sshAddress}:${sshPort}`,
  ]);
  const { cluster, notes } = status;
  const none = status.provider === 'embedded' ? ['No cluster yet: `vmstation up` installs one.'] : notes;
  return [
    ...table(['machine', 'power', 'in the model', 'ssh here'], machines, style, ''),
    '',
    ...(cluster === undefined ? none : [`Kubernetes ${cluster.version} at ${cluster.server}`]),
    ...notKeptLines(status, style),
  ].join('\n');
}

function notKeptLines({ notKept }: LabStatus, style: Style): readonly string[] {
  if (notKept === undefined) return [];
  const { since, message, tryThis } = notKept;
  const lines = [`Since ${since} nothing is kept: ${message}`, `Try ${tryThis}`, 'Docs vmstation explain lab/no-room'];
  const [first = '', ...rest] = lines.flatMap((line) => wrap(line, style.columns - 2));
  return ['', `${mark('failed', style)} ${first}`, ...rest.map((line) => `  ${line}`)];
}
