import { RunnerError } from '../../contract/errors.js';

/** Of the column that MLflow's databases keep it in. */
const LONGEST_NAME = 256;

/**
 * Refuses a name of a registered model that no server takes, before anything is trained or sent for it.
 * MLflow's rules (`_validate_model_name` in mlflow/utils/validation.py); besides, its search knows no escape for quotes.
 * @throws RunnerError `usage`
 */
export function checkModelName(name: string | undefined): void {
  if (name === undefined) return;
  const isTaken =
    name.trim() !== '' &&
    name.length <= LONGEST_NAME &&
    name !== '.' &&
    name !== '..' &&
    !/[/:]/.test(name) &&
    !(name.includes("'") && name.includes('"'));
  if (isTaken) return;
  throw new RunnerError(
    'usage',
    `--register: expected the name of a registered model (1 to ${LONGEST_NAME} characters, without / and :, not with both kinds of quotes), got ${JSON.stringify(name)}.`,
  );
}
