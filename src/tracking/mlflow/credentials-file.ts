/**
 * `~/.mlflow/credentials` as MLflow's own client reads it: with Python's configparser. It is not what the INI readers
 * of Node take: a `;`, a `#` or a quote inside a value belongs to it, keys know no case, and `%%` stands for `%`.
 */

const SECTION = 'mlflow';

/** @returns the entries of section `[mlflow]`, keys in lower case; empty if there is none */
export function parseCredentialsFile(text: string): ReadonlyMap<string, string> {
  const entries = new Map<string, string>();
  let section = '';
  /** Indentation of the entry above, which a line further in goes on with; none of these values has lines. */
  let indentation = Infinity;
  for (const line of text.replace(/^\uFEFF/, '').split(/\r?\n/)) {
    const content = line.trim();
    const indent = line.length - line.trimStart().length;
    if (content === '' || /^[#;]/.test(content) || indent > indentation) continue;
    const header = /^\[([^\]]+)\]/.exec(content)?.[1];
    const [, key, value] = /^([^=:]+?)\s*[=:]\s*(.*)$/.exec(content) ?? [];
    if (header !== undefined) {
      section = header;
      indentation = Infinity;
    } else if (key !== undefined && value !== undefined) {
      indentation = indent;
      if (section === SECTION) entries.set(key.toLowerCase(), value.replaceAll('%%', '%'));
    }
  }
  return entries;
}
