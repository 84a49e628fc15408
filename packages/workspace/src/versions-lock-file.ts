import {
  defaultVersions,
  didYouMean,
  type Fault,
  schemaFaults,
  type Versions,
  versionsLockSchema,
} from '@vmstation/core';
import { stringify } from 'yaml';
import { faultOfFile, type LocatedFault } from './located-fault.ts';
import { readYamlDocument, type YamlDocument } from './yaml-document.ts';

/** Name of the file that locks every deployed version. */
export const versionsLockName = 'versions.lock';

const codes = {
  unknownKey: 'versions-lock/invalid',
  missingKey: 'versions-lock/invalid',
  invalidValue: 'versions-lock/invalid',
  syntax: 'versions-lock/invalid',
  duplicateKey: 'versions-lock/invalid',
} as const;

/** `versions.lock` as read. The versions are the product's own when the file cannot be used, so that other rules can go on. */
export interface ReadVersionsLock {
  readonly versions: Versions;
  readonly document: YamlDocument | undefined;
  readonly faults: readonly LocatedFault[];
}

/** Reads the text of `versions.lock`; undefined: the file is absent, which is a fault. */
export function readVersionsLock(text: string | undefined): ReadVersionsLock {
  if (text === undefined) {
    const message = 'The file is missing, so it is not said which versions are deployed.';
    const tryThis =
      'Restore it from version control; vmstation explain versions-lock/missing tells how to make a new one.';
    const fault = faultOfFile('versions-lock/missing', versionsLockName, message, tryThis);
    return { versions: defaultVersions, document: undefined, faults: [fault] };
  }
  const document = readYamlDocument(versionsLockName, text, codes);
  if (document.faults.length > 0) return { versions: defaultVersions, document, faults: document.faults };
  const value = document.value ?? {};
  const parsed = versionsLockSchema.safeParse(value);
  if (!parsed.success) {
    const faults = schemaFaults(versionsLockSchema, parsed.error.issues, value, codes);
    return { versions: defaultVersions, document, faults: faults.map((fault) => document.locate(fault)) };
  }
  const faults = imageFaults(parsed.data.images).map((fault) => document.locate(fault));
  const images = { ...defaultVersions.images, ...parsed.data.images };
  const minecraft = parsed.data.minecraft ?? defaultVersions.minecraft;
  return { versions: { ...parsed.data, minecraft, images }, document, faults };
}

function imageFaults(images: Readonly<Record<string, string>>): readonly Fault[] {
  const known = Object.keys(defaultVersions.images);
  const missing = known.filter((name) => images[name] === undefined);
  const unknown = Object.keys(images).filter((name) => !known.includes(name));
  return [
    ...missing.map(
      (name): Fault => ({
        code: 'versions-lock/invalid',
        severity: 'error',
        path: ['images'],
        atKey: true,
        message: `images lacks the component ${name}.`,
        tryThis: `Add it: ${name}: ${defaultVersions.images[name] ?? ''}`,
      }),
    ),
    ...unknown.map((name): Fault => {
      const near = didYouMean(name, missing.length === 0 ? known : missing);
      return {
        code: 'versions-lock/invalid',
        severity: 'error',
        path: ['images', name],
        atKey: true,
        message: `No component is called ${name}.`,
        tryThis:
          near === undefined ? 'Remove it; images of app folders stand in their manifests.' : `Did you mean ${near}?`,
      };
    }),
  ];
}

/** The text of `versions.lock` for some versions. */
export function versionsLockText(versions: Versions): string {
  const head = [
    '# Every version that is deployed. An upgrade is a diff of this file: change a line, then run vmstation up.',
    '# Kubernetes goes up one minor version at a time, and only as far as the Kubespray release can install.',
    '',
    '',
  ].join('\n');
  return `${head}${stringify(versions, { defaultStringType: 'PLAIN', lineWidth: 0 })}`;
}
