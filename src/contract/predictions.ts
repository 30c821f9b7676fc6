/** artifacts/eval/predictions.json: what the model takes each test image for. Written by the trainer, read by the report. */
import { z } from 'zod';

export const PREDICTIONS_SCHEMA_VERSION = 1;

const classIndices = z.array(z.int().min(0));

export const predictionsSchema = z
  .object({
    schemaVersion: z.literal(PREDICTIONS_SCHEMA_VERSION),
    classNames: z.array(z.string()),
    /** One an image, in the order of the data set, as in the lists below: the class that it is of. */
    labels: classIndices,
    predicted: classIndices,
    /** Of the predicted class, in [0, 1], to six digits; `NaN` as a string. */
    probabilities: z.array(z.union([z.number(), z.literal('NaN')]).transform(Number)),
  })
  .refine(
    ({ labels, predicted, probabilities }) =>
      predicted.length === labels.length && probabilities.length === labels.length,
    { message: 'its lists are not of one length' },
  );
export type Predictions = z.infer<typeof predictionsSchema>;
