import { expect, test } from 'vitest';
import { duplicateFields } from './duplicate-fields.ts';

test('fields named twice are told by their path', () => {
  expect(duplicateFields('{"a":1,"b":{"c":[{"d":1},{"d":2,"d":3}]},"a":"{\\"x\\":1}"}')).toEqual(['b.c[1].d', 'a']);
});

test('equal names in different objects, and text that looks like fields, are none', () => {
  expect(duplicateFields('{"a":{"n":1},"b":{"n":1},"c":"\\"a\\":1,{\\"a\\":2}","d":["a","a",{}]}')).toEqual([]);
});
