import { spawn } from 'node:child_process';
import { exitCodes } from '@vmstation/core';
import { askLab, type LabStatus, labAnswers, labPaths, resetLab, startLab, stopLab } from '@vmstation/lab';
import { quoteArguments } from '@vmstation/remote';
import { findWorkspace, openWorkspace } from '@vmstation/workspace';
import type { CommandHandler } from '../command/define-command.ts';
import type { Invocation } from '../command/invocation.ts';
import { entryFile } from '../compose/entry-file.ts';
import { requireNodes } from '../compose/require-nodes.ts';
import { startFolder } from '../compose/workspace-folder.ts';
import { jsonText } from '../render/json.ts';
import { count, table } from '../render/layout.ts';
import { mark, type Style } from '../render/style.ts';
import { requireApproval } from './approval.ts';

/** Starts the lab of the workspace, or says that it runs. */
export const handleLabStart: CommandHandler = async (invocation) => {
  const { io, global, style } = invocation;
  const status = await start(invocation);
  if (global.json) io.out(`${jsonText(status)}\n`);
  else io.out(`${mark('unchanged', style)} The lab runs: ${count(status.nodes.length, 'machine')} on loopback\n`);
  return exitCodes.done;
};

/** Stops the lab; disks and objects stay. */
export const handleLabStop: CommandHandler = async (invocation) => {
  const { io, global, style } = invocation;
  const paths = labPaths(await findWorkspace(startFolder(invocation)));
  const stopped = await stopLab(paths);
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

/** Makes the machines bare again, and starts them when they ran. */
export const handleLabReset: CommandHandler = async (invocation) => {
  const { io, global, style } = invocation;
  const paths = labPaths(await findWorkspace(startFolder(invocation)));
  const what = 'The disks of the simulated machines and their cluster are thrown away';
  await requireApproval(invocation, {
    question: `${what}. Go on?`,
    whenAlone: `${what}, and nobody is here to approve it.`,
  });
  const running = await stopLab(paths);
  await resetLab(paths);
  if (running) await start(invocation);
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
  return ssh(['-F', paths.sshConfigFile, ...terminal, node, ...(line === undefined ? [] : [line])]);
};

async function start(invocation: Invocation): Promise<LabStatus> {
  const workspace = await openWorkspace(startFolder(invocation));
  return startLab({
    workspaceRoot: workspace.root,
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
  const machines = status.nodes.map(({ name, address, sshPort, power }) => [
    `${mark(power === 'on' ? 'unchanged' : 'queued', style)} ${name}`,
    power,
    address,
    `127.0.0.1:${sshPort}`,
  ]);
  const { cluster } = status;
  return [
    ...table(['machine', 'power', 'in the model', 'ssh here'], machines, style, ''),
    '',
    cluster === undefined
      ? 'No cluster yet: `vmstation up` installs one.'
      : `Kubernetes ${cluster.version} at ${cluster.server}`,
  ].join('\n');
}
