import { type AppKind, appDataPath } from '../app-kind.ts';
import { jellyfinObjects, jellyfinUser } from './manifests.ts';

/** A media server. */
export const jellyfin: AppKind = {
  why: 'plays the media of the storage',
  data: (app, cluster) => ({ path: appDataPath(app), ...jellyfinUser(app, cluster) }),
  objects: ({ app, workspace }) => jellyfinObjects(app, workspace.cluster),
};
