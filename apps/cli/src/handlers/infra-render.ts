import {
  accessOf,
  compareRendered,
  inventoryDirectory,
  renderKubespray,
  writeRendered,
} from '@vmstation/cluster-infra';
import type { CommandHandler } from '../command/define-command.ts';
import { openSession } from '../compose/session.ts';
import { renderUnified } from '../render/diff.ts';
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
    const changes = await compareRendered(files, rendered);
    const changed = new Set(await writeRendered(files, rendered));
    const list = rendered.map(({ path }) => ({
      path: files.resolve(`${inventoryDirectory}/${path}`),
      changed: changed.has(`${inventoryDirectory}/${path}`),
      diff: changes.find((change) => change.target === `${inventoryDirectory}/${path}`)?.diff,
    }));
    if (global.json) io.out(`${jsonText(list)}\n`);
    else
      for (const { path, changed: written, diff } of list) {
        const lines = diff === undefined ? [] : renderUnified(diff, style, '    ');
        io.out(`${[`${mark(written ? 'changed' : 'unchanged', style)} ${path}`, ...lines].join('\n')}\n`);
      }
    return 0;
  } finally {
    await session.close();
  }
};
