import type { InspectedPart } from '../report/inspection.js';

/** Of an address among them, such as that of a private index. */
const LOGIN = /\/\/[^/@\s]+@/g;

/**
 * Whether this is a container of Airflow's image that installs packages each time it starts: by the variable that the
 * image's entrypoint reads, which its makers offer for quick checks alone.
 */
export function inspectAirflowStart({
  _PIP_ADDITIONAL_REQUIREMENTS: requirements = '',
}: NodeJS.ProcessEnv): readonly InspectedPart[] {
  const shown = requirements.trim().replaceAll(LOGIN, '//…@');
  if (shown === '') return [];
  return [
    {
      name: 'container start',
      value: `slow: pip installs ${shown} at every start (_PIP_ADDITIONAL_REQUIREMENTS)`,
      remedy:
        'Build an image that has runner and what your own DAGs need (docs/use_case_mnist.md, option B), and unset the variable.',
    },
  ];
}
