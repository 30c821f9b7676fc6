import { RunnerError } from '../../../contract/errors.js';

export interface Token {
  readonly kind: 'number' | 'name' | 'operator' | 'end';
  readonly text: string;
  /** Offset in the expression, from 0. */
  readonly at: number;
}

const NUMBER = /(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?/y;
/** The one name with a hyphen is spelled out: elsewhere it is a minus. */
const NAME = /(?:docker-warm|[A-Za-z_]\w*)(?:\.\w+)*/y;
const OPERATOR = /<=|>=|==|!=|[-+*/<>()]/y;
const WORDS = ['and', 'or', 'not'];

/** What is written otherwise elsewhere. */
const ELSEWHERE: Readonly<Record<string, string>> = { '&': 'and', '|': 'or', '!': 'not', '=': '==' };

/** @throws RunnerError `usage`, pointing at what belongs to no expression */
export function tokenize(expression: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  for (;;) {
    while (/\s/.test(expression.charAt(at))) at += 1;
    if (at >= expression.length) return [...tokens, { kind: 'end', text: '', at: expression.length }];
    const token = readToken(expression, at);
    tokens.push(token);
    at += token.text.length;
  }
}

function readToken(expression: string, at: number): Token {
  const number = match(NUMBER, expression, at);
  if (number !== undefined) return { kind: 'number', text: number, at };
  const name = match(NAME, expression, at);
  if (name !== undefined) return { kind: WORDS.includes(name) ? 'operator' : 'name', text: name, at };
  const operator = match(OPERATOR, expression, at);
  if (operator !== undefined) return { kind: 'operator', text: operator, at };
  const character = String.fromCodePoint(expression.codePointAt(at) ?? 0);
  const instead = ELSEWHERE[character];
  throw wrongAt(
    expression,
    at,
    `${JSON.stringify(character)} is not understood${instead === undefined ? '' : `; write ${JSON.stringify(instead)}`}`,
  );
}

function match(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}

export const HINT =
  'Numbers, names such as docker.imagesPerSecond, + - * /, < <= > >= == !=, and, or, not, parentheses: docs/report.md has all names.';

/** What is wrong, with a mark under the place. */
export function wrongAt(expression: string, at: number, what: string, hint = HINT): RunnerError {
  const line = expression.replaceAll(/\s/g, ' ');
  return new RunnerError(
    'usage',
    `--fail-if, at character ${at + 1}: ${what}.\n  ${line}\n  ${' '.repeat(at)}^`,
    { hint },
  );
}
