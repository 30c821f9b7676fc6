/** As much of YAML as MLmodel needs: mappings and lists that are not empty, and strings in the quotes of JSON. */

export type YamlValue = string | number | boolean | readonly string[] | { readonly [key: string]: YamlValue };

/** A mapping in block style. Keys must be plain words. */
export const toYaml = (mapping: Readonly<Record<string, YamlValue>>, indent = ''): string =>
  Object.entries(mapping)
    .map(([key, value]) => `${indent}${key}:${after(value, indent)}`)
    .join('');

function after(value: YamlValue, indent: string): string {
  if (isList(value)) return `\n${value.map((item) => `${indent}- ${quoted(item)}\n`).join('')}`;
  if (typeof value === 'object') return `\n${toYaml(value, `${indent}  `)}`;
  return ` ${typeof value === 'string' ? quoted(value) : String(value)}\n`;
}

const isList = (value: YamlValue): value is readonly string[] => Array.isArray(value);

/** YAML has JSON's escapes, but takes fewer characters as they are. */
const quoted = (text: string): string =>
  JSON.stringify(text).replace(
    /[\u007F-\u009F\uFFFE\uFFFF]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
