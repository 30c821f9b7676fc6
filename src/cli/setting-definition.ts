/** What the table of settings says of each. */
import type { z } from 'zod';
import type * as runSpec from '../contract/run-spec.js';
import { STEPS_PER_CALL_ON_CARD } from './card-defaults.js';
import { formatSize } from './quantities.js';

export const LOG_FORMATS = ['pretty', 'json'] as const;
export type LogFormat = (typeof LOG_FORMATS)[number];

export const ENGINES = ['tensorflow', 'webgpu'] as const;
export type EngineChoice = (typeof ENGINES)[number];

export const BUILDERS = ['auto', 'classic', 'buildkit'] as const;
export type BuilderChoice = (typeof BUILDERS)[number];

/** Every setting that can come from a flag, the environment, a configuration file or a default. */
export interface Settings extends runSpec.Hyperparameters {
  job: string;
  mode: runSpec.RunMode;
  seed: number;
  threads: number;
  engineStep: runSpec.EngineStep;
  /** Null for what suits where it computes. */
  stepsPerCall: number | null;
  /** Null for wherever a card computes. */
  prefetch: boolean | null;
  /** Milliseconds; null for as long as it takes. */
  timeout: number | null;
  /** Bytes. */
  memory: number;
  cpus: number;
  pids: number;
  /** Bytes. */
  shmSize: number;
  /** Tag or id; null for the one of this version, which is built where it is missing. */
  image: string | null;
  builder: BuilderChoice;
  /** Null for the one of the kubeconfig's context. */
  namespace: string | null;
  /** Null for the namespace's default one. */
  serviceAccount: string | null;
  /** Null for the current one. */
  kubeContext: string | null;
  /** `s3://bucket/prefix`; null where the mode needs none. */
  storage: string | null;
  /** Null for the one that the runner itself uses. */
  storageEndpoint: string | null;
  engine: EngineChoice;
  /** `cpu`, or part of a card's name; null for any card. */
  webgpuAdapter: string | null;
  gpu: boolean | 'prefer';
  gpus: runSpec.GpuRequest['devices'];
  /** Bytes; null for as much as it needs. */
  gpuMemoryLimit: number | null;
  dataDir: string;
  runsDir: string;
  /** Null where nothing is recorded elsewhere. */
  trackingUri: string | null;
  /** Null for the one that is named like the job. */
  experiment: string | null;
  track: boolean;
  log: LogFormat;
}
export type SettingName = keyof Settings;

/** What the schemas of the table are looked up in. */
export type Schemas = typeof runSpec & { readonly z: typeof z };

export interface SettingDefinition<T> {
  /** As commander takes it. A boolean setting has a `--no-` twin, whose help is `helpOff`. */
  readonly flag: string;
  readonly helpOff?: string;
  readonly env?: string;
  /** The modes that have such a thing; every mode has the others. */
  readonly only?: readonly runSpec.RunMode[];
  /** How text becomes a value: that of a flag or the environment, and of a file where the kind is a notation. */
  readonly kind: 'integer' | 'number' | 'boolean' | 'text' | Notation;
  /** Ends the sentence “expected …”. */
  readonly expected: string;
  readonly schema: (schemas: Schemas) => z.ZodType<T>;
  /** What to do about a certain bad value, where more is known than the error table does. */
  readonly hint?: (value: unknown) => string | undefined;
  readonly help: string;
  /** Where the default comes from, for help and docs; the values of a job are the job's own. */
  readonly fallback: keyof typeof FALLBACKS | (T & (string | number | boolean));
}

/** Values that people write in a way of their own, in a file, too. */
const NOTATIONS = ['size', 'duration', 'gpus'] as const;
type Notation = (typeof NOTATIONS)[number];
export const isNotation = (kind: string): boolean => (NOTATIONS as readonly string[]).includes(kind);

/** Defaults that are no value of the table. */
export const FALLBACKS = {
  job: "the job's",
  jobName: "the job's name",
  processors: 'one a processor',
  threads: 'one a thread',
  onCard: 'on a card',
  severalOnCard: `${STEPS_PER_CALL_ON_CARD} on an NVIDIA card, else 1`,
  version: "this version's",
  ofContext: "the context's",
  ofNamespace: "the namespace's",
  currentContext: 'the current one',
  ownEndpoint: "the runner's",
  none: 'none',
} as const;

/** A default in words. */
export const describeFallback = ({ fallback, kind }: SettingDefinition<unknown>): string =>
  kind === 'size' && typeof fallback === 'number'
    ? formatSize(fallback)
    : (words[String(fallback)] ?? String(fallback));
const words: Readonly<Record<string, string>> = FALLBACKS;

/** A value as a person reads it: as it was written where somebody wrote it. */
export function describeValue(
  { kind, fallback }: Pick<SettingDefinition<unknown>, 'kind' | 'fallback'>,
  { value, given }: { readonly value: Settings[SettingName]; readonly given?: string },
): string {
  if (given !== undefined) return given;
  if (value === null) return FALLBACKS[fallback as keyof typeof FALLBACKS];
  return kind === 'size' ? formatSize(Number(value)) : String(value);
}
