import * as z from 'zod';
import { described, labelText, portNumber, referenceText } from './field.ts';

/** `app.yaml` of a folder below apps/: how plain manifests take part in the cluster. */
export const appFolderSchema = z.strictObject({
  namespace: described(labelText.optional(), 'Its Kubernetes namespace. Default: the name of the folder.', 'whoami'),
  node: described(
    referenceText.optional(),
    'The node that its pods are pinned to by the manifests. Default: the control plane, which answers for all.',
    'homelab',
  ),
  port: described(portNumber.optional(), 'The NodePort of its service, when it has one.', 30_010),
  wakes: described(z.boolean().default(false), 'True: its node may sleep, and use of the application wakes it.', false),
  title: described(z.string().min(1).optional(), 'What people call it. Default: the name of the folder.', 'Who am I'),
  probe: described(
    z
      .strictObject({
        kind: described(z.enum(['http', 'tcp']).default('http'), 'How its port is asked.', 'http'),
        path: described(z.string().startsWith('/').default('/'), 'The page to ask for.', '/healthz'),
      })
      .prefault({}),
    'How to see that it answers.',
    { kind: 'http', path: '/healthz' },
  ),
});

/** `app.yaml` as checked. */
export type AppFolderSettings = z.output<typeof appFolderSchema>;

/** A folder below apps/ with its `app.yaml`. */
export interface AppFolderEntry {
  /** Name of the folder, and of the application. */
  readonly name: string;
  /** Workspace-relative place of its app.yaml. */
  readonly origin: string;
  readonly settings: AppFolderSettings;
}
