import { accessOf, inventoryDirectory, renderKubespray, writeRendered } from '@vmstation/cluster-infra';
import type { CommandHandler } from '../command/define-command.ts';
import { openSession } from '../compose/session.ts';
import { jsonText } from '../render/json.ts';
import { mark } from '../render/style.ts';

/** Writes what Kubespray would be given; starts nothing. */
export const handleInfraRender: CommandHandler = async (invocation) => {
  const { io, global, style } = invocation;
  const session = await openSession(invocation, { withDiff: false, onEvent: () => {}, exclusive: true });
  try {
    const { files } = session.ports;
    const { cluster } = session.workspace;
    const rendered = renderKubespray(cluster, cluster.versions, await accessOf(files));
    const changed = new Set(await writeRendered(files, rendered));
    const list = rendered.map(({ path }) => ({
      path: files.resolve(`${inventoryDirectory}/${path}`),
      changed: changed.has(`${inventoryDirectory}/${path}`),
    }));
    if (global.json) io.out(`${jsonText(list)}\n`);
    else for (const file of list) io.out(`${mark(file.changed ? 'changed' : 'unchanged', style)} ${file.path}\n`);
    return 0;
  } finally {
    await session.close();
  }
};
