/** What `npm run bench:train -- --measures parts` shows. */
import { spread } from './statistics.mjs';

const micro = (ms) => `${(1000 * ms).toFixed(1)}`;
/** One step a call, each batch made when it is asked for. */
const isPlain = ({ stepsPerCall, prefetched }) => stepsPerCall === 1 && !prefetched;
const plainByBatch = (steps) => new Map(steps.filter(isPlain).map((step) => [step.batchSize, step]));
const OUTSIDE = ['order', 'prepare', 'feed', 'read', 'rest'];

export const stepPartsTables = ({ emptyCall, steps, card }) => [
  { title: 'Where a step spends its time, µs a step (medians)', rows: partsRows(emptyCall, steps) },
  { title: 'Several steps a native call', rows: callRows(steps.filter(({ prefetched }) => !prefetched)) },
  { title: 'The next batch made while a step runs', rows: prefetchRows(steps) },
  {
    title: `The same where a step leaves the processor idle (${card[0].stepMs} ms asleep for a card), µs a step (medians)`,
    rows: [
      ['batch', 'gather', 'wait instead'],
      ...card.map(({ batchSize, ...one }) => [String(batchSize), micro(one.onDemand), micro(one.prefetched)]),
    ],
  },
];

function partsRows(emptyCall, steps) {
  const single = steps.filter(isPlain);
  return [
    [
      'batch',
      'draw the order',
      'gather',
      'feed',
      'TensorFlow',
      'read back',
      'JavaScript besides',
      'not TensorFlow',
    ],
    ...single.map((step) => {
      const outside = OUTSIDE.reduce((sum, name) => sum + step[name], 0);
      return [
        String(step.batchSize),
        ...['order', 'prepare', 'feed', 'native', 'read', 'rest'].map((name) => micro(step[name])),
        `${micro(outside)}, ${((100 * outside) / step.whole).toFixed(1)} %`,
      ];
    }),
    ['an empty call', '', '', '', micro(emptyCall.native), '', '', micro(emptyCall.whole - emptyCall.native)],
  ];
}

function callRows(steps) {
  const alone = plainByBatch(steps);
  return [
    ['batch', 'steps a call', 'images/s', 'against 1 a call, turn by turn', 'trace, ms', 'first turn, ms'],
    ...steps.map((step) => {
      const ratio = gain(step, alone);
      return [
        String(step.batchSize),
        String(step.stepsPerCall),
        Math.round((1000 * step.batchSize) / step.whole).toLocaleString('en-US'),
        ratio,
        step.traceMs.toFixed(0),
        step.firstTurnMs.toFixed(0),
      ];
    }),
  ];
}

function prefetchRows(steps) {
  const plain = plainByBatch(steps);
  return [
    ['batch', 'gather, µs a step', 'wait instead, µs', 'against without, turn by turn'],
    ...steps
      .filter(({ prefetched }) => prefetched)
      .map((step) => [
        String(step.batchSize),
        micro(plain.get(step.batchSize).prepare),
        micro(step.prepare),
        gain(step, plain),
      ]),
  ];
}

/** How much faster than the plain steps of the same batch. */
function gain({ batchSize, wholes }, plain) {
  const ratio = spread(wholes.map((whole, turn) => plain.get(batchSize).wholes[turn] / whole));
  return `${ratio.median.toFixed(2)}× (${ratio.min.toFixed(2)}–${ratio.max.toFixed(2)})`;
}
