/** `--fail-if EXPRESSION`: a condition on a comparison, for CI. */
import { RunnerError } from '../../../contract/errors.js';
import type { Comparison } from '../comparison.js';
import { typeOfName, valueOfName } from './names.js';
import { parseCondition } from './parse.js';
import type { BinaryOperator, Expression } from './parse.js';

export interface Check {
  readonly expression: string;
  readonly holds: boolean;
  /** What each name in it stands for. */
  readonly values: Readonly<Record<string, number | boolean>>;
}

/**
 * Reads a condition, before there is anything to hold it against.
 * @throws RunnerError `usage`, pointing at the place that is wrong
 */
export function readCheck(expression: string): (comparison: Comparison) => Check {
  const condition = parseCondition(expression, typeOfName);
  return (comparison) => {
    const values: Record<string, number | boolean> = {};
    // Every name is looked up, also where the rest decides: what is not there is told each time, not now and then.
    for (const name of namesIn(condition)) values[name] = valueOfName(comparison, name);
    return { expression, holds: evaluate(condition, values) === true, values };
  };
}

function namesIn(expression: Expression): string[] {
  switch (expression.kind) {
    case 'number':
      return [];
    case 'name':
      return [expression.name];
    case 'unary':
      return namesIn(expression.operand);
    case 'binary':
      return [...namesIn(expression.left), ...namesIn(expression.right)];
  }
}

type Values = Readonly<Record<string, number | boolean>>;

function evaluate(expression: Expression, values: Values): number | boolean {
  switch (expression.kind) {
    case 'number':
      return expression.value;
    case 'name':
      return values[expression.name] ?? NaN;
    case 'unary': {
      const value = evaluate(expression.operand, values);
      return expression.operator === 'not' ? value !== true : -Number(value);
    }
    case 'binary': {
      const { operator, left, right } = expression;
      const value = OPERATORS[operator](evaluate(left, values), evaluate(right, values));
      if (!Number.isNaN(value)) return value;
      // It would compare as false with everything, and the check would pass.
      throw new RunnerError('usage', `--fail-if: this divides zero by zero: ${JSON.stringify(values)}.`, {
        hint: 'Write it as a product: a < 0.95 * b.',
      });
    }
  }
}

type Operation = (left: number | boolean, right: number | boolean) => number | boolean;

/** The parser has seen to it that each is given what it takes. */
const OPERATORS: Readonly<Record<BinaryOperator, Operation>> = {
  and: (left, right) => left === true && right === true,
  or: (left, right) => left === true || right === true,
  '<': (left, right) => left < right,
  '<=': (left, right) => left <= right,
  '>': (left, right) => left > right,
  '>=': (left, right) => left >= right,
  '==': (left, right) => left === right,
  '!=': (left, right) => left !== right,
  '+': (left, right) => Number(left) + Number(right),
  '-': (left, right) => Number(left) - Number(right),
  '*': (left, right) => Number(left) * Number(right),
  '/': (left, right) => Number(left) / Number(right),
};
