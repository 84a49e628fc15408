import {
  type CommandNode,
  type PipelineNode,
  parse,
  type ScriptNode,
  type SimpleCommandNode,
  type StatementNode,
  type WordNode,
} from 'just-bash';

/*
 * The syntax tree comes from just-bash's parser; its node types beyond the exported ones are derived here. Evaluation is the
 * lab's own (see README.md for why).
 */

export type { CommandNode, PipelineNode, ScriptNode, SimpleCommandNode, StatementNode, WordNode };
export type WordPart = WordNode['parts'][number];
export type PartOf<T extends WordPart['type']> = Extract<WordPart, { type: T }>;
export type CommandOf<T extends CommandNode['type']> = Extract<CommandNode, { type: T }>;
export type FunctionDefNode = CommandOf<'FunctionDef'>;
export type CompoundNode = Exclude<CommandNode, SimpleCommandNode | FunctionDefNode>;
export type AssignmentNode = SimpleCommandNode['assignments'][number];
export type RedirectionNode = SimpleCommandNode['redirections'][number];
export type ArithmeticNode = PartOf<'ArithmeticExpansion'>['expression']['expression'];
export type ConditionalNode = CommandOf<'ConditionalCommand'>['expression'];
export type ParameterOperation = NonNullable<PartOf<'ParameterExpansion'>['operation']>;

const CACHE_LIMIT = 500;
/** Longer scripts are generated, each but once: a tree takes a hundred times the memory of its text. */
const CACHED_CHARACTERS = 4096;
const cache = new Map<string, ScriptNode>();

/** Parses a script (byte text), remembering the trees of recent ones. Throws an Error with the parser's message. */
export function parseScript(text: string): ScriptNode {
  const known = cache.get(text);
  if (known) return known;
  const script = parse(text);
  if (text.length > CACHED_CHARACTERS) return script;
  if (cache.size >= CACHE_LIMIT) cache.clear();
  cache.set(text, script);
  return script;
}
