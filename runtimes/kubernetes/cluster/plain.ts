/** Objects of the API as they are written and sent: the client has classes of them, whose instances nobody makes. */
import type * as client from '@kubernetes/client-node';

type Plain<T> = T extends Date
  ? T
  : T extends readonly (infer Item)[]
    ? Plain<Item>[]
    : T extends object
      ? { [K in keyof T]: Plain<T[K]> }
      : T;

export type DeleteOptions = Plain<client.V1DeleteOptions>;
export type Job = Plain<client.V1Job>;
export type Pod = Plain<client.V1Pod>;
export type PodSpec = Plain<client.V1PodSpec>;
export type ResourceRequirements = Plain<client.V1ResourceRequirements>;
export type Secret = Plain<client.V1Secret>;
