import {
  didYouMean,
  type Overlay,
  type OverlayFile,
  type OverlaySettingsFile,
  overlaySettingsSchema,
  schemaFaults,
  suggestion,
} from '@vmstation/core';
import { faultOfFile, type LocatedFault } from './located-fault.ts';
import { entriesOf, type FileFaultCodes, type FoundFile, readTextFiles } from './read-folder.ts';
import { readYamlDocument, type YamlDocument } from './yaml-document.ts';

/** Overlays as read, with the documents of their settings for provenance. */
export interface ReadOverlays {
  readonly overlays: readonly Overlay[];
  readonly documents: readonly YamlDocument[];
  readonly faults: readonly LocatedFault[];
}

/** Names that folders below hosts/ and group/ may have. */
export interface OverlayTargets {
  readonly nodes: readonly string[];
  readonly groups: readonly string[];
}

const fileCodes: FileFaultCodes = {
  unsafePath: 'overlay/unsafe-path',
  unsafeLink: 'overlay/unsafe-link',
  binaryFile: 'overlay/binary-file',
  tooLarge: 'overlay/too-large',
};

const settingsCodes = {
  unknownKey: 'overlay/invalid-settings',
  missingKey: 'overlay/invalid-settings',
  invalidValue: 'overlay/invalid-settings',
  syntax: 'overlay/invalid-settings',
  duplicateKey: 'overlay/invalid-settings',
} as const;

const settingsFile = 'settings.yaml';
const rootFolders = ['bin', 'boot', 'etc', 'home', 'lib', 'media', 'mnt', 'opt', 'root', 'sbin', 'srv', 'usr', 'var'];
const volatileFolders = ['dev', 'proc', 'run', 'sys', 'tmp'];

/** Reads `hosts/` and `group/` of a workspace. Targets undefined: names are not judged (the cluster file could not be read). */
export async function readOverlays(root: string, targets: OverlayTargets | undefined): Promise<ReadOverlays> {
  const kinds = [
    { folder: 'hosts', kind: 'host', known: targets?.nodes },
    { folder: 'group', kind: 'group', known: targets?.groups },
  ] as const;
  const overlays: Overlay[] = [];
  const documents: YamlDocument[] = [];
  const faults: LocatedFault[] = [];
  for (const { folder, kind, known } of kinds) {
    for (const entry of await entriesOf(`${root}/${folder}`)) {
      const place = `${folder}/${entry.name}`;
      if (entry.name === 'README.md') continue;
      if (!entry.isFolder) {
        const fault = faultOfFile(
          'overlay/unknown-target',
          place,
          `A file here belongs to no ${kind}.`,
          `Put it into ${folder}/NAME/, with its path on the node.`,
        );
        faults.push(fault);
        continue;
      }
      if (known !== undefined && !known.includes(entry.name))
        faults.push(unknownTarget(place, entry.name, kind, known));
      const read = await readOverlay(root, place, { kind, name: entry.name });
      overlays.push(read.overlay);
      documents.push(...read.documents);
      faults.push(...read.faults);
    }
  }
  return { overlays, documents, faults };
}

function unknownTarget(place: string, name: string, kind: 'host' | 'group', known: readonly string[]): LocatedFault {
  const message =
    kind === 'host' ? `There is no node ${name} to which these files could go.` : `No node can be in a group ${name}.`;
  const more = kind === 'group' ? ' Or add it to groups: of a node.' : '';
  return faultOfFile('overlay/unknown-target', place, message, `${suggestion(name, known)}${more}`);
}

async function readOverlay(
  root: string,
  place: string,
  scope: Overlay['scope'],
): Promise<{
  readonly overlay: Overlay;
  readonly documents: readonly YamlDocument[];
  readonly faults: readonly LocatedFault[];
}> {
  const found = await readTextFiles(root, place, fileCodes);
  const faults = [...found.faults];
  const origin = `${place}/${settingsFile}`;
  const settingsText = found.files.find((file) => file.parts.length === 1 && file.parts[0] === settingsFile)?.content;
  const settings = settingsText === undefined ? undefined : readSettings(origin, settingsText);
  faults.push(...(settings?.faults ?? []));
  const attributes = (settings?.values as OverlaySettingsFile | undefined)?.files ?? {};
  const files: OverlayFile[] = [];
  for (const file of found.files) {
    const fault = refusedTarget(file);
    if (fault !== undefined) faults.push(fault);
    if (fault?.severity === 'error' || file.parts.length === 1) continue;
    const path = `/${file.parts.join('/')}`;
    files.push({
      path,
      ...attributesOf(attributes, path, file.executable),
      content: file.content,
      origin: file.origin,
    });
  }
  faults.push(...withoutFile(attributes, files, settings?.document));
  return {
    overlay: { scope, files, settings: { values: settings?.values ?? {}, origin } },
    documents: settings === undefined ? [] : [settings.document],
    faults,
  };
}

type FileAttributes = NonNullable<OverlaySettingsFile['files']>;

/** Mode, owner and group of a file of an overlay: what the settings say, else 0755 for an executable one and 0644. */
export function attributesOf(
  attributes: FileAttributes,
  path: string,
  executable: boolean,
): Pick<OverlayFile, 'mode' | 'owner' | 'group'> {
  // A key such as `constructor` is no path, and paths begin with a slash.
  const { mode = executable ? '0755' : '0644', owner, group } = attributes[path] ?? {};
  return { mode, ...(owner === undefined ? {} : { owner }), ...(group === undefined ? {} : { group }) };
}

function withoutFile(
  attributes: FileAttributes,
  files: readonly OverlayFile[],
  document: YamlDocument | undefined,
): readonly LocatedFault[] {
  const known = files.map(({ path }) => path);
  const strange = Object.keys(attributes).filter((path) => !known.includes(path));
  return strange.flatMap((path) =>
    document === undefined
      ? []
      : [
          document.locate({
            code: 'overlay/invalid-settings',
            severity: 'error',
            path: ['files', path],
            message: `This folder has no file for ${path}.`,
            tryThis: suggestion(path, known),
          }),
        ],
  );
}

/** Files at the top of a folder have no path on the node; only what we know may stand there. */
function refusedTarget(file: FoundFile): LocatedFault | undefined {
  const [top = '', second] = file.parts;
  if (second === undefined) {
    if (top === settingsFile || top === 'README.md') return undefined;
    const near = didYouMean(top, [settingsFile]);
    const tryThis = near === undefined ? `Put it below a folder, as etc/${top}.` : `Did you mean ${near}?`;
    return faultOfFile(
      'overlay/unsafe-path',
      file.origin,
      `The file would go to /${top}, the root of the node.`,
      tryThis,
    );
  }
  if (volatileFolders.includes(top)) {
    return faultOfFile(
      'overlay/unsafe-path',
      file.origin,
      `/${top} keeps no files over a restart.`,
      'Choose another place on the node.',
    );
  }
  if (rootFolders.includes(top)) return undefined;
  const near = didYouMean(top, rootFolders);
  if (near === undefined) return undefined;
  return faultOfFile(
    'overlay/unsafe-path',
    file.origin,
    `The file would go to /${file.parts.join('/')}.`,
    `Did you mean /${near}?`,
    'warning',
  );
}

/** Reads the text of a settings.yaml; all faults at once. */
export function readSettings(
  origin: string,
  text: string,
): {
  readonly document: YamlDocument;
  readonly values: Readonly<Record<string, unknown>>;
  readonly faults: readonly LocatedFault[];
} {
  const document = readYamlDocument(origin, text, settingsCodes);
  if (document.faults.length > 0) return { document, values: {}, faults: document.faults };
  const value = document.value ?? {};
  const parsed = overlaySettingsSchema.safeParse(value);
  if (parsed.success) return { document, values: parsed.data, faults: [] };
  const faults = schemaFaults(overlaySettingsSchema, parsed.error.issues, value, settingsCodes);
  return { document, values: {}, faults: faults.map((fault) => document.locate(fault)) };
}
