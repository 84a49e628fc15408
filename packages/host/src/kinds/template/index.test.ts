import { expect, test } from 'vitest';
import { renderTemplate, templateFile } from './index.ts';

test('values stand where they are named', () => {
  expect(renderTemplate('server {{ server }} port {{port}}\n{{port}}', { server: 'a', port: 123 })).toBe(
    'server a port 123\n123',
  );
});

test('every missing value is named at once', () => {
  expect(() => renderTemplate('{{a}} {{b}} {{toString}}', { a: 1 })).toThrow(
    expect.objectContaining({ code: 'host/template-value-missing', message: expect.stringContaining('b, toString') }),
  );
});

test('a template becomes a file resource', () => {
  expect(templateFile({ path: '/etc/x', mode: '0600', template: 'a={{a}}\n', values: { a: true } })).toEqual({
    kind: 'file',
    path: '/etc/x',
    mode: '0600',
    content: 'a=true\n',
  });
});
