/**
 * What a cluster would refuse of an object, by the types that @kubernetes/client-node carries: they are generated from
 * the published OpenAPI document of Kubernetes. Unknown members are refused, as by `fieldValidation: Strict`.
 */
import * as client from '@kubernetes/client-node';

interface Attribute {
  readonly baseName: string;
  readonly type: string;
}
interface Model {
  getAttributeTypeMap(): readonly Attribute[];
}

/**
 * @param type name of a model: `V1Job`
 * @returns one sentence a fault, with the path of the member; none if it fits
 */
export function faultsOf(value: unknown, type: string, path = type): string[] {
  if (value === undefined) return [];
  const item = /^Array<(.+)>$/.exec(type)?.[1];
  if (item !== undefined) {
    if (!Array.isArray(value)) return [`${path} is no list`];
    return value.flatMap((one, index) => faultsOf(one, item, `${path}[${index}]`));
  }
  const member = /^\{ \[key: string\]: (.+); \}$/.exec(type)?.[1];
  if (member !== undefined) {
    if (!isObject(value)) return [`${path} is no object`];
    return Object.entries(value).flatMap(([name, one]) => faultsOf(one, member, `${path}.${name}`));
  }
  const model = (client as unknown as Readonly<Record<string, Model | undefined>>)[type];
  if (model === undefined || !('getAttributeTypeMap' in model)) return faultsOfPlain(value, type, path);
  if (!isObject(value)) return [`${path} is no object`];
  const attributes = model.getAttributeTypeMap();
  return Object.entries(value).flatMap(([name, one]) => {
    const attribute = attributes.find(({ baseName }) => baseName === name);
    return attribute === undefined
      ? [`${path}.${name} is unknown`]
      : faultsOf(one, attribute.type, `${path}.${name}`);
  });
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function faultsOfPlain(value: unknown, type: string, path: string): string[] {
  switch (type) {
    case 'string':
    case 'number':
    case 'boolean':
      return typeof value === type ? [] : [`${path} is no ${type}`];
    case 'Date':
      return typeof value === 'string' && !Number.isNaN(Date.parse(value)) ? [] : [`${path} is no time`];
    case 'IntOrString':
      return ['string', 'number'].includes(typeof value) ? [] : [`${path} is neither number nor text`];
    case 'any':
      return [];
    default:
      throw new Error(`no such type: ${type}`);
  }
}
