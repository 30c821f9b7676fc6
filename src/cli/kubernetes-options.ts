/** The part of the table of settings (options.ts) that only `--mode kubernetes` has. */
import type { SettingDefinition, Settings } from './setting-definition.js';

type KubernetesSetting = 'namespace' | 'serviceAccount' | 'kubeContext' | 'storage' | 'storageEndpoint';

const ONLY = ['kubernetes'] as const;
/** As the API server has it: a label of DNS. */
const NAME = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const NAME_FORM = 'lower-case letters, digits and dashes';

export const KUBERNETES_SETTINGS: { readonly [K in KubernetesSetting]: SettingDefinition<Settings[K]> } = {
  namespace: {
    flag: '--namespace <name>',
    env: 'RUNNER_NAMESPACE',
    only: ONLY,
    kind: 'text',
    expected: NAME_FORM,
    schema: ({ z }) => z.string().regex(NAME).nullable(),
    help: 'namespace that the Job is made in',
    fallback: 'ofContext',
  },
  serviceAccount: {
    flag: '--service-account <name>',
    env: 'RUNNER_SERVICE_ACCOUNT',
    only: ONLY,
    kind: 'text',
    expected: NAME_FORM,
    schema: ({ z }) => z.string().regex(NAME).nullable(),
    help: 'service account of the pod, which gets no token of it',
    fallback: 'ofNamespace',
  },
  kubeContext: {
    flag: '--kube-context <name>',
    env: 'RUNNER_KUBE_CONTEXT',
    only: ONLY,
    kind: 'text',
    expected: 'the name of a context of the kubeconfig',
    schema: ({ z }) => z.string().min(1).nullable(),
    help: 'context of the kubeconfig',
    fallback: 'currentContext',
  },
  storage: {
    flag: '--storage <uri>',
    env: 'RUNNER_STORAGE',
    only: ONLY,
    kind: 'text',
    expected: 'a folder of an S3 such as s3://bucket/prefix',
    schema: ({ z }) =>
      z
        .string()
        .regex(/^s3:\/\/[^/?#]+(\/[^?#]*)?$/)
        .nullable(),
    help: 'where plan and data wait for the pod, and its results for the runner',
    fallback: 'none',
  },
  storageEndpoint: {
    flag: '--storage-endpoint <url>',
    env: 'RUNNER_STORAGE_ENDPOINT',
    only: ONLY,
    kind: 'text',
    expected: 'an address such as http://seaweedfs-s3.storage.svc:8333',
    schema: ({ z }) => z.url({ protocol: /^https?$/ }).nullable(),
    help: 'address of that S3 as pods see it',
    fallback: 'ownEndpoint',
  },
};
