import type { AppKind } from '../app-kind.ts';
import { folderObjects } from './manifests.ts';

/** Plain manifests of a folder below apps/. */
export const folder: AppKind = {
  why: 'an application of your own, from its folder below apps/',
  data: () => undefined,
  objects: ({ app, workspace }) => {
    const source = workspace.apps.find(({ name }) => name === app.name);
    if (source === undefined) throw new Error(`the workspace has no folder apps/${app.name}`);
    return folderObjects(source, app.namespace);
  },
};
