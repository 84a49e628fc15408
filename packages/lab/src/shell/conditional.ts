import type { Expander } from './expand.ts';
import { patternRegExp } from './pattern.ts';
import type { ConditionalNode } from './syntax.ts';
import { binaryTest, unaryTest } from './test-command.ts';

/** Evaluates bash's `[[ … ]]`. Throws ShellError for operators that test(1) does not know either. */
export async function evaluateConditional(words: Expander, node: ConditionalNode): Promise<boolean> {
  switch (node.type) {
    case 'CondNot':
      return !(await evaluateConditional(words, node.operand));
    case 'CondAnd':
      return (await evaluateConditional(words, node.left)) && evaluateConditional(words, node.right);
    case 'CondOr':
      return (await evaluateConditional(words, node.left)) || evaluateConditional(words, node.right);
    case 'CondGroup':
      return evaluateConditional(words, node.expression);
    case 'CondWord':
      return (await words.text(node.word)) !== '';
    case 'CondUnary':
      if (node.operator === '-v') return words.state.get(await words.text(node.operand)) !== undefined;
      return unaryTest(words.state.process, node.operator, await words.text(node.operand));
    case 'CondBinary': {
      const left = await words.text(node.left);
      if (['=', '==', '!='].includes(node.operator)) {
        const matches = patternRegExp(await words.pattern(node.right)).test(left);
        return node.operator === '!=' ? !matches : matches;
      }
      const right = await words.text(node.right);
      if (node.operator === '=~') return new RegExp(right).test(left);
      return binaryTest(words.state.process, left, node.operator, right);
    }
    default:
      return false;
  }
}
