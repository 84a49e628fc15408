import { type AppKind, appDataPath } from '../app-kind.ts';
import { minecraftObjects, minecraftUid } from './manifests.ts';

/** A game server. */
export const minecraft: AppKind = {
  why: 'serves the world to its players',
  data: (app) => ({ path: appDataPath(app), uid: minecraftUid, gid: minecraftUid }),
  objects: async ({ app, workspace, reveal }) =>
    minecraftObjects(app, workspace.cluster, app.rcon === undefined ? undefined : await reveal(app.rcon.secret)),
};
