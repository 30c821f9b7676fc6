/** Values longer than a server takes. It would cut them in silence; this does it such that a reader sees it. */

/** MAX_PARAM_VAL_LENGTH of MLflow. */
export const MOST_PARAM_CHARACTERS = 6000;
/** Older servers take no more of a tag; MAX_TAG_VAL_LENGTH of MLflow 3 is 8000. */
export const MOST_TAG_CHARACTERS = 5000;
/** The artifact that holds what was cut, in full. */
export const LONG_VALUES_FILE = 'logs/long-values.json';

/** The value itself, or its beginning and a mark that says so: together at most `most` UTF-16 units. */
export function cutTo(value: string, most: number): string {
  if (value.length <= most) return value;
  const mark = `… [cut, ${value.length} characters; in full in ${LONG_VALUES_FILE}]`;
  return (
    value
      .slice(0, most - mark.length)
      // Not half of a character that takes two units.
      .replace(/[\uD800-\uDBFF]$/, '') + mark
  );
}
