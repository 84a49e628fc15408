/**
 * Writes `fields.gen.ts`: the protobuf field numbers of every API type the lab serves, read from the `protobuf:"…"` tags of the Go types.
 * Run it with `node packages/lab/src/kubernetes/request/protobuf/generate-fields.ts API APIMACHINERY`, where the two folders are checkouts of
 * https://github.com/kubernetes/api and https://github.com/kubernetes/apimachinery at the tag of the version served, after `kinds.gen.ts`.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { resourceDefinitions } from '../../resources.ts';
import { type Schema, typeSchema } from '../../schema/schema.ts';

interface GoField {
  readonly goType: string;
  /** JSON name; '' for a struct whose fields lie in its owner's JSON. */
  readonly json: string;
  readonly number: number;
  /** True where Go leaves the zero value out of JSON: on the wire it is there all the same. */
  readonly zeroIsAbsent: boolean;
}

interface GoPackage {
  readonly structs: ReadonlyMap<string, readonly GoField[]>;
  /** Folder of each import's name. */
  readonly imports: ReadonlyMap<string, string>;
}

/** The field numbers of all types, one line each. `api` and `apimachinery` are folders of Go sources. */
class FieldTable {
  readonly #api: string;
  readonly #apimachinery: string;
  readonly #packages = new Map<string, GoPackage>();
  readonly lines = new Map<string, string>();

  constructor(api: string, apimachinery: string) {
    this.#api = api;
    this.#apimachinery = apimachinery;
  }

  /** Adds a type of the schema table, known in Go as `goType` of the package in `folder`, and what it refers to. */
  add(type: string, folder: string, goType: string): void {
    if (this.lines.has(type)) return;
    this.lines.set(type, '');
    const entries = this.#entries(type, folder, goType, '');
    this.lines.set(type, [type, this.#schemaName(folder, goType), ...entries].join(' '));
  }

  /** Name in the OpenAPI document, without `io.k8s.`. */
  #schemaName(folder: string, goType: string): string {
    const [root, prefix] = folder.startsWith(this.#apimachinery)
      ? [this.#apimachinery, 'apimachinery']
      : [this.#api, 'api'];
    return [prefix, ...relative(root, folder).split('/'), goType].join('.');
  }

  #entries(type: string, folder: string, goType: string, prefix: string): string[] {
    const { structs, imports } = this.#package(folder);
    const fields = structs.get(goType);
    if (!fields) throw new Error(`${folder} has no struct ${goType}`);
    return fields.flatMap((field) => {
      const [name = '', alias = ''] = field.goType
        .replace(/^(\*|\[\]|map\[\w+\])+/u, '')
        .split('.')
        .toReversed();
      const owner = alias === '' ? folder : (imports.get(alias) ?? alias);
      if (field.json === '') return this.#entries(type, owner, name, `${prefix}${field.number}.`);
      const schema = typeSchema(type).fields.get(field.json)?.schema;
      if (!schema) return [];
      const struct = structOf(schema);
      if (struct) this.add(struct, owner, name);
      return [`${field.json}=${prefix}${field.number}${field.zeroIsAbsent ? '?' : ''}`];
    });
  }

  #package(folder: string): GoPackage {
    const known = this.#packages.get(folder);
    if (known) return known;
    const files = readdirSync(folder).filter((name) => name.endsWith('.go') && !/_test|generated|register/u.test(name));
    const text = files.map((name) => readFileSync(join(folder, name), 'utf8')).join('\n');
    const imports = new Map<string, string>();
    for (const [, alias, root = '', path = ''] of text.matchAll(
      /^\s+(\w+) "k8s\.io\/(api|apimachinery)\/([\w/]+)"$/gmu,
    )) {
      imports.set(alias ?? '', join(root === 'api' ? this.#api : this.#apimachinery, path));
    }
    const structs = new Map<string, GoField[]>();
    for (const [, name = '', body = ''] of text.matchAll(/^type (\w+) struct \{\n(.*?)^\}/gmsu))
      structs.set(name, goFields(body));
    const made = { structs, imports };
    this.#packages.set(folder, made);
    return made;
  }
}

function goFields(body: string): GoField[] {
  return body.split('\n').flatMap((line) => {
    const found = /^\s+(?:\w+\s+)?(\S+)\s+`json:"([^"]*)"[^`]* protobuf:"([^"]*)"/u.exec(line);
    const [, goType = '', json = '', protobuf = ''] = found ?? [];
    if (!found || protobuf === '-') return [];
    const [name = '', ...options] = json.split(',');
    const isPlain = !/^(\*|\[\]|map)/u.test(goType);
    return [
      {
        goType,
        json: name,
        number: Number(protobuf.split(',')[1]),
        zeroIsAbsent: isPlain && options.includes('omitempty'),
      },
    ];
  });
}

function structOf(schema: Schema): string | undefined {
  if (schema.form === 'struct') return schema.type;
  if (schema.form === 'list') return structOf(schema.items);
  return schema.form === 'map' ? structOf(schema.values) : undefined;
}

/** Folder of a group's Go types. */
function groupFolder(group: string): string {
  return group === '' ? 'core' : (group.split('.')[0] ?? '');
}

function generateFields(api: string, apimachinery: string): string {
  const table = new FieldTable(api, apimachinery);
  for (const { group, version, kind, type, custom } of resourceDefinitions) {
    if (!custom) table.add(type, join(api, groupFolder(group), version), kind);
  }
  const others: readonly (readonly [type: string, folder: string, kind: string])[] = [
    ['V1Binding', 'core/v1', 'Binding'],
    ['V1Eviction', 'policy/v1', 'Eviction'],
    ['V1Scale', 'autoscaling/v1', 'Scale'],
    ['V1SelfSubjectAccessReview', 'authorization/v1', 'SelfSubjectAccessReview'],
    ['V1SelfSubjectRulesReview', 'authorization/v1', 'SelfSubjectRulesReview'],
    ['V1SubjectAccessReview', 'authorization/v1', 'SubjectAccessReview'],
    ['V1LocalSubjectAccessReview', 'authorization/v1', 'LocalSubjectAccessReview'],
    ['V1SelfSubjectReview', 'authentication/v1', 'SelfSubjectReview'],
    ['V1TokenReview', 'authentication/v1', 'TokenReview'],
    ['AuthenticationV1TokenRequest', 'authentication/v1', 'TokenRequest'],
  ];
  for (const [type, folder, kind] of others) table.add(type, join(api, folder), kind);
  table.add('V1DeleteOptions', join(apimachinery, 'pkg/apis/meta/v1'), 'DeleteOptions');
  return [
    '// Generated by generate-fields.ts from the Go types of k8s.io/api and k8s.io/apimachinery (Apache-2.0). Do not edit.',
    '/** One line per API type: its name, that in OpenAPI documents without `io.k8s.`, then `field=number`; a dotted number lies in a message within, `?` marks a field whose zero means absent. */',
    'export const fieldLines = `',
    ...[...table.lines.values()].toSorted(),
    '`;',
    '',
  ].join('\n');
}

const [, program, api, apimachinery] = process.argv;
if (program === fileURLToPath(import.meta.url)) {
  if (!api || !apimachinery)
    throw new Error('two folders are needed: of kubernetes/api and of kubernetes/apimachinery');
  writeFileSync(join(dirname(program), 'fields.gen.ts'), generateFields(api, apimachinery));
}
