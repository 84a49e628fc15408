import { AppError, type FileResource } from '@vmstation/core';

/** Values of a template by name. */
export type TemplateValues = Readonly<Record<string, string | number | boolean>>;

/**
 * Text with every `{{name}}` replaced by its value. Pure.
 * @throws AppError host/template-value-missing naming every value that is not there
 */
export function renderTemplate(text: string, values: TemplateValues): string {
  const missing = new Set<string>();
  const rendered = text.replaceAll(/\{\{\s*([A-Za-z][\w.-]*)\s*\}\}/g, (_, name: string) => {
    const value = Object.hasOwn(values, name) ? values[name] : undefined;
    if (value === undefined) missing.add(name);
    return String(value);
  });
  if (missing.size === 0) return rendered;
  throw new AppError({
    code: 'host/template-value-missing',
    kind: 'user',
    message: `A template asks for values that nobody gave: ${[...missing].join(', ')}`,
    tryThis: `Give them in settings.yaml, or remove {{${[...missing][0] ?? ''}}} from the template. Known are: ${Object.keys(values).join(', ') || 'none'}`,
  });
}

/** A file whose content is made from values. @throws AppError host/template-value-missing */
export function templateFile(
  file: Omit<FileResource, 'kind' | 'content'> & { readonly template: string; readonly values: TemplateValues },
): FileResource {
  const { template, values, ...rest } = file;
  return { ...rest, kind: 'file', content: renderTemplate(template, values) };
}
