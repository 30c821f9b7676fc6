/**
 * The expressions of `--fail-if`, by recursive descent:
 *
 *   or         = and { "or" and }
 *   and        = not { "and" not }
 *   not        = "not" not | comparison
 *   comparison = sum [ ("<" | "<=" | ">" | ">=" | "==" | "!=") sum ]
 *   sum        = product { ("+" | "-") product }
 *   product    = factor { ("*" | "/") factor }
 *   factor     = "-" factor | number | name | "(" or ")"
 *
 * Numbers and conditions are told apart while parsing, so that what is read can be computed.
 */
import { tokenize, wrongAt } from './tokens.js';
import type { Token } from './tokens.js';

export type ValueType = 'number' | 'condition';

export type Expression =
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'name'; readonly name: string; readonly type: ValueType; readonly at: number }
  | { readonly kind: 'unary'; readonly operator: '-' | 'not'; readonly operand: Expression }
  | {
      readonly kind: 'binary';
      readonly operator: BinaryOperator;
      readonly left: Expression;
      readonly right: Expression;
    };

const COMPARISONS = ['<', '<=', '>', '>=', '==', '!='] as const;
const SUMS = ['+', '-'] as const;
const PRODUCTS = ['*', '/'] as const;
export type BinaryOperator =
  'and' | 'or' | (typeof COMPARISONS)[number] | (typeof SUMS)[number] | (typeof PRODUCTS)[number];

/** Deeper ones are nobody's, and would use up the stack. */
const DEEPEST = 100;

/** What a name stands for; undefined, or why it stands for nothing. */
export type NameType = (name: string) => ValueType | { readonly unknown: string; readonly hint: string };

/**
 * @param typeOf which names there are
 * @throws RunnerError `usage`, pointing at the place that is wrong
 */
export const parseCondition = (expression: string, typeOf: NameType): Expression =>
  new Parser(expression, typeOf).condition();

class Parser {
  readonly #tokens: readonly Token[];
  #next = 0;
  #depth = 0;

  constructor(
    private readonly text: string,
    private readonly typeOf: NameType,
  ) {
    this.#tokens = tokenize(text);
  }

  condition(): Expression {
    const whole = this.#or();
    const { kind, at, text } = this.#token;
    if (kind !== 'end') {
      const twice = isOne(COMPARISONS, text) ? '; combine two comparisons with "and"' : '';
      throw wrongAt(this.text, at, `expected "and", "or" or the end, found ${JSON.stringify(text)}${twice}`);
    }
    return this.#require('condition', whole, 0);
  }

  #or(): Expression {
    return this.#chain(['or'], 'condition', () => this.#and());
  }

  #and(): Expression {
    return this.#chain(['and'], 'condition', () => this.#not());
  }

  #not(): Expression {
    if (this.#token.text !== 'not') return this.#comparison();
    return this.#deeper(() => {
      this.#next += 1;
      const { at } = this.#token;
      return { kind: 'unary', operator: 'not', operand: this.#require('condition', this.#not(), at) };
    });
  }

  #comparison(): Expression {
    const start = this.#token.at;
    const left = this.#sum();
    const operator = this.#take(COMPARISONS);
    if (operator === undefined) return left;
    this.#require('number', left, start);
    const { at } = this.#token;
    return { kind: 'binary', operator, left, right: this.#require('number', this.#sum(), at) };
  }

  #sum(): Expression {
    return this.#chain(SUMS, 'number', () => this.#product());
  }

  #product(): Expression {
    return this.#chain(PRODUCTS, 'number', () => this.#factor());
  }

  #chain(operators: readonly BinaryOperator[], type: ValueType, operand: () => Expression): Expression {
    const start = this.#token.at;
    let left = operand();
    for (;;) {
      const operator = this.#take(operators);
      if (operator === undefined) return left;
      this.#require(type, left, start);
      const { at } = this.#token;
      left = { kind: 'binary', operator, left, right: this.#require(type, operand(), at) };
    }
  }

  #factor(): Expression {
    const { kind, text, at } = this.#token;
    if (kind === 'number') {
      this.#next += 1;
      return { kind, value: Number(text) };
    }
    if (kind === 'name') {
      this.#next += 1;
      return { kind, name: text, type: this.#typeOf(text, at), at };
    }
    if (text === '-') {
      return this.#deeper(() => {
        this.#next += 1;
        const operand = this.#require('number', this.#factor(), at + 1);
        return { kind: 'unary', operator: '-', operand };
      });
    }
    if (text !== '(') throw this.#unexpected('a number, a name or "("');
    return this.#deeper(() => {
      this.#next += 1;
      const inner = this.#or();
      if (this.#token.text !== ')') throw this.#unexpected('")"');
      this.#next += 1;
      return inner;
    });
  }

  #typeOf(name: string, at: number): ValueType {
    const type = this.typeOf(name);
    if (typeof type === 'string') return type;
    throw wrongAt(this.text, at, type.unknown, type.hint);
  }

  get #token(): Token {
    // The last token is the end, and nothing takes it.
    return this.#tokens[this.#next] ?? { kind: 'end', text: '', at: this.text.length };
  }

  #take<T extends string>(operators: readonly T[]): T | undefined {
    const { kind, text } = this.#token;
    if (kind !== 'operator' || !isOne(operators, text)) return undefined;
    this.#next += 1;
    return text;
  }

  #require(type: ValueType, expression: Expression, at: number): Expression {
    if (typeOfExpression(expression) === type) return expression;
    const [found, wanted] =
      type === 'condition' ? ['a number', 'a condition, such as a comparison,'] : ['a condition', 'a number'];
    throw wrongAt(this.text, at, `this is ${found}, where ${wanted} is expected`);
  }

  #unexpected(wanted: string): Error {
    const { kind, text, at } = this.#token;
    return wrongAt(
      this.text,
      at,
      `expected ${wanted}, found ${kind === 'end' ? 'the end' : JSON.stringify(text)}`,
    );
  }

  #deeper(parse: () => Expression): Expression {
    this.#depth += 1;
    if (this.#depth > DEEPEST) throw wrongAt(this.text, this.#token.at, 'this is nested too deeply');
    const expression = parse();
    this.#depth -= 1;
    return expression;
  }
}

function typeOfExpression(expression: Expression): ValueType {
  switch (expression.kind) {
    case 'number':
      return 'number';
    case 'name':
      return expression.type;
    case 'unary':
      return expression.operator === 'not' ? 'condition' : 'number';
    case 'binary':
      return isOne([...SUMS, ...PRODUCTS], expression.operator) ? 'number' : 'condition';
  }
}

const isOne = <T extends string>(list: readonly T[], text: string): text is T =>
  (list as readonly string[]).includes(text);
