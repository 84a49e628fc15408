import type { Resource, ResourceKind } from '@vmstation/core';
import type { SideName } from '../contract-case.ts';
import type { KindSubject } from './kind-subject.ts';

/** One thing that somebody did to a resource behind our back. */
export interface Tampering {
  /** Attribute as the check names it; with the resource's id before it when a case declares several. */
  readonly attribute: string;
  readonly script: string;
  /** The kind will not repair this, for the reason that the expression describes; `mend` puts it right by hand. */
  readonly refused?: { readonly reason: RegExp; readonly mend: string };
}

/** What a kind promises, tried with real values. */
export interface KindCase {
  readonly kind: ResourceKind;
  /** What is special about these values; unique within the kind. */
  readonly title: string;
  /** The subject's family that this is tried on; every one when left out. */
  readonly family?: KindSubject['family'];
  /** The resources; all of them are judged. */
  readonly wants: (subject: KindSubject) => readonly Resource[];
  /** Makes what must be there beforehand. */
  readonly before?: string | ((subject: KindSubject) => string);
  /** Prints all that the resources may touch, as it must be again when they are taken back. */
  readonly shows: string;
  /** Things that change nothing of what is declared: the check must stay silent. */
  readonly innocent?: readonly string[];
  readonly tampered: readonly Tampering[];
  /** Units that may not be started again by an apply that has nothing to do. */
  readonly units?: readonly string[];
  /** Takes the scene away; runs also when the case fails. */
  readonly after?: string | ((subject: KindSubject) => string);
  /** A side that cannot keep it, and why. It is tried there all the same. */
  readonly cannot?: Partial<Readonly<Record<SideName, string>>>;
}
