import {
  type AppFolder,
  type AppFolderEntry,
  appFolderSchema,
  type Fault,
  namePattern,
  schemaFaults,
} from '@vmstation/core';
import { type Document, isScalar, parseAllDocuments } from 'yaml';
import { faultOfFile, type LocatedFault } from './located-fault.ts';
import { entriesOf, type FileFaultCodes, readTextFiles } from './read-folder.ts';
import { readYamlDocument, type YamlDocument } from './yaml-document.ts';

/** Folders below apps/ as read: their manifests, and what their app.yaml says. */
export interface ReadAppFolders {
  readonly folders: readonly AppFolder[];
  readonly entries: readonly AppFolderEntry[];
  readonly documents: readonly YamlDocument[];
  readonly faults: readonly LocatedFault[];
}

const fileCodes: FileFaultCodes = {
  unsafePath: 'app-folder/refused-file',
  unsafeLink: 'app-folder/refused-file',
  binaryFile: 'app-folder/refused-file',
  tooLarge: 'app-folder/refused-file',
};

const settingsCodes = {
  unknownKey: 'app-folder/invalid-settings',
  missingKey: 'app-folder/invalid-settings',
  invalidValue: 'app-folder/invalid-settings',
  syntax: 'app-folder/invalid-settings',
  duplicateKey: 'app-folder/invalid-settings',
} as const;

const settingsName = 'app.yaml';

/** Reads every folder below `apps/`. */
export async function readAppFolders(root: string): Promise<ReadAppFolders> {
  const folders: AppFolder[] = [];
  const entries: AppFolderEntry[] = [];
  const documents: YamlDocument[] = [];
  const faults: LocatedFault[] = [];
  for (const entry of await entriesOf(`${root}/apps`)) {
    const place = `apps/${entry.name}`;
    if (entry.name === 'README.md') continue;
    if (!entry.isFolder) {
      faults.push(
        faultOfFile(
          'app-folder/refused-file',
          place,
          'A file here belongs to no application.',
          `Put it into a folder of its own, apps/NAME/${entry.name}.`,
        ),
      );
      continue;
    }
    if (!namePattern.test(entry.name)) {
      faults.push(
        faultOfFile(
          'app-folder/invalid-name',
          place,
          `${entry.name} cannot be the name of an application: small letters, digits and dashes, at most 63.`,
          'Rename the folder.',
        ),
      );
      continue;
    }
    const read = await readAppFolder(root, entry.name);
    folders.push(read.folder);
    entries.push(read.entry);
    documents.push(read.document);
    faults.push(...read.faults);
  }
  return { folders, entries, documents, faults };
}

interface ReadAppFolder {
  readonly folder: AppFolder;
  readonly entry: AppFolderEntry;
  readonly document: YamlDocument;
  readonly faults: readonly LocatedFault[];
}

async function readAppFolder(root: string, name: string): Promise<ReadAppFolder> {
  const place = `apps/${name}`;
  const found = await readTextFiles(root, place, fileCodes);
  const faults = [...found.faults];
  const manifests = [];
  let settingsText = '';
  for (const file of found.files) {
    const fileName = file.parts.join('/');
    if (fileName === settingsName) settingsText = file.content;
    else if (/\.ya?ml$/.test(fileName)) manifests.push({ origin: file.origin, text: file.content });
    else if (!/^(?:README|readme)\.md$/.test(fileName)) {
      faults.push(
        faultOfFile(
          'app-folder/refused-file',
          file.origin,
          'The folder of an application holds plain manifests (*.yaml) and app.yaml.',
          'Remove the file, or put its content into a ConfigMap.',
        ),
      );
    }
  }
  const settings = readSettings(`${place}/${settingsName}`, settingsText);
  faults.push(...settings.faults, ...manifestFaults(place, manifests, settings.entry(name), settings.document));
  return { folder: { name, path: place, manifests }, entry: settings.entry(name), document: settings.document, faults };
}

function readSettings(
  origin: string,
  text: string,
): {
  readonly document: YamlDocument;
  readonly entry: (name: string) => AppFolderEntry;
  readonly faults: readonly LocatedFault[];
} {
  const document = readYamlDocument(origin, text, settingsCodes);
  const value = document.value ?? {};
  const parsed = appFolderSchema.safeParse(value);
  const refused = parsed.success ? [] : schemaFaults(appFolderSchema, parsed.error.issues, value, settingsCodes);
  const settings = parsed.success ? parsed.data : appFolderSchema.parse({});
  return {
    document,
    entry: (name) => ({ name, origin, settings }),
    faults: document.faults.length > 0 ? document.faults : refused.map((fault) => document.locate(fault)),
  };
}

interface ManifestObject {
  readonly apiVersion?: unknown;
  readonly kind?: unknown;
  readonly metadata?: { readonly name?: unknown; readonly namespace?: unknown } | null;
  readonly spec?: { readonly ports?: unknown } | null;
}

function manifestFaults(
  place: string,
  manifests: AppFolder['manifests'],
  entry: AppFolderEntry,
  settings: YamlDocument,
): readonly LocatedFault[] {
  if (manifests.length === 0) {
    return [
      faultOfFile(
        'app-folder/empty',
        place,
        'The folder has no manifest (*.yaml).',
        'Add the manifests of the application, or remove the folder.',
      ),
    ];
  }
  const faults: LocatedFault[] = [];
  const seen = new Map<string, string>();
  const nodePorts: number[] = [];
  for (const { origin, text } of manifests) {
    const objects = readObjects(origin, text);
    faults.push(...objects.faults);
    for (const { object, line } of objects.objects) {
      const fault = objectFault(origin, line, text, object, seen);
      if (fault !== undefined) faults.push(fault);
      nodePorts.push(...nodePortsOf(object));
    }
  }
  const { port } = entry.settings;
  if (port !== undefined && !nodePorts.includes(port)) {
    const fault: Fault = {
      code: 'app-folder/port-mismatch',
      severity: 'error',
      path: ['port'],
      message: `app.yaml says that the application answers at ${port}, and no Service of its manifests has that nodePort.`,
      tryThis: nodePorts.length === 0 ? `Set nodePort: ${port} in its Service.` : `Write port: ${nodePorts[0]}.`,
    };
    faults.push(settings.locate(fault));
  }
  return faults;
}

function readObjects(
  origin: string,
  text: string,
): {
  readonly objects: readonly { readonly object: ManifestObject; readonly line: number }[];
  readonly faults: readonly LocatedFault[];
} {
  const lineOf = (offset: number): number => text.slice(0, offset).split('\n').length;
  const documents = parseAllDocuments(text, { prettyErrors: false, version: '1.2' });
  const faults: LocatedFault[] = [];
  const objects: { object: ManifestObject; line: number }[] = [];
  for (const document of Array.isArray(documents) ? documents : []) {
    const line = lineOf(document.contents?.range?.[0] ?? 0);
    const error = document.errors[0];
    if (error !== undefined) {
      const message = `This is no YAML: ${error.message.split('\n')[0] ?? ''}`;
      faults.push({ ...manifestFault(origin, lineOf(error.pos[0]), text, message), tryThis: 'Correct the manifest.' });
    } else if (document.contents !== null && !(isScalar(document.contents) && document.contents.value === null)) {
      const value = plainObject(document);
      if (value === undefined) faults.push(manifestFault(origin, line, text, 'This is not a Kubernetes object.'));
      else objects.push({ object: value, line });
    }
  }
  return { objects, faults };
}

/** The object of a document; undefined for lists, single values and aliases without end. */
function plainObject(document: Document): ManifestObject | undefined {
  try {
    const value: unknown = document.toJS({ maxAliasCount: 100 });
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  } catch (error) {
    // yaml refuses aliases that would fill the memory.
    if (error instanceof ReferenceError) return undefined;
    throw error;
  }
}

function nodePortsOf({ kind, spec }: ManifestObject): readonly number[] {
  const ports: unknown = kind === 'Service' ? spec?.ports : undefined;
  if (!Array.isArray(ports)) return [];
  return ports.flatMap((port: { readonly nodePort?: unknown } | null) =>
    typeof port?.nodePort === 'number' ? port.nodePort : [],
  );
}

function objectFault(
  origin: string,
  line: number,
  text: string,
  object: ManifestObject,
  seen: Map<string, string>,
): LocatedFault | undefined {
  const { apiVersion, kind, metadata } = object;
  if (typeof apiVersion !== 'string' || typeof kind !== 'string' || typeof metadata?.name !== 'string') {
    return manifestFault(
      origin,
      line,
      text,
      'This is not a Kubernetes object: apiVersion, kind and metadata.name are needed.',
    );
  }
  if (apiVersion.startsWith('kustomize.config.k8s.io/')) {
    return manifestFault(origin, line, text, 'Kustomizations are not built: the folder takes plain manifests.');
  }
  const namespace = typeof metadata.namespace === 'string' ? metadata.namespace : '';
  const key = `${apiVersion} ${kind} ${namespace}/${metadata.name}`;
  const first = seen.get(key);
  seen.set(key, origin);
  return first === undefined
    ? undefined
    : manifestFault(origin, line, text, `${kind} ${metadata.name} is declared in ${first} already.`);
}

function manifestFault(origin: string, line: number, text: string, message: string): LocatedFault {
  return {
    code: 'app-folder/invalid-manifest',
    severity: 'error',
    file: origin,
    line,
    column: 1,
    sourceLine: text.split(/\r?\n/)[line - 1] ?? '',
    length: 1,
    message,
    tryThis: 'Correct or remove the object.',
  };
}
