/** Conditions of MLflow's search language (mlflow/utils/search_utils.py), parts of SQL as sqlparse reads it. */
import { RunnerError } from '../../contract/errors.js';

/**
 * `name = 'text'`. There is no escape for a quote: a text with one goes into the other kind.
 * @throws RunnerError `usage` of a text with both
 */
export function equals(name: string, text: string): string {
  if (!text.includes("'")) return `${name} = '${text}'`;
  if (!text.includes('"')) return `${name} = "${text}"`;
  throw new RunnerError('usage', `MLflow cannot search for a text with both kinds of quotes: ${text}`, {
    hint: 'Give it a name with one kind of quotes at most.',
  });
}

/** Tags of any key: dots and slashes are taken as they are between backquotes. */
export const tagEquals = (key: string, text: string): string => equals(`tags.\`${key}\``, text);
